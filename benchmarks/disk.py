"""The disk by itself: what an acknowledgement that waits for it cannot be faster than."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import BinaryIO


def fsync(file: BinaryIO) -> float:
    """Seconds until the disk has one more page of a file."""
    file.write(bytes(4096))
    file.flush()
    begun = time.perf_counter()
    os.fsync(file.fileno())
    return time.perf_counter() - begun


async def fsyncs(folder: Path, rate: float, seconds: float) -> list[float]:
    """How long each of `rate` fsyncs a second took, in seconds."""
    with (folder / "fsync").open("wb") as file:
        took = []
        for _ in range(int(rate * seconds)):
            await asyncio.sleep(1 / rate)
            took.append(await asyncio.to_thread(fsync, file))
    return took
