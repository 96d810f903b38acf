"""The icons of the Teams app: a bell as it stands on a front desk.

`python -m tests.support.icons` draws them again into adapters/teams; a test fails when they differ.
Sizes and colours are Microsoft's rules for app icons: colour 192 × 192 without a border or rounded
corners of its own, outline 32 × 32, white on transparent.
https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "adapters" / "teams"

Colour = tuple[int, int, int, int]
Shape = Callable[[float, float], bool]
"""Whether a point is inside; the icon is 1 wide and 1 high, y grows downwards."""
Layer = tuple[Shape, Colour]

NAVY: Colour = (31, 58, 95, 255)
BRASS: Colour = (244, 196, 92, 255)
SHINE: Colour = (255, 232, 176, 255)
WHITE: Colour = (255, 255, 255, 255)
NOTHING: Colour = (255, 255, 255, 0)
SAMPLES = 4
"""Points per pixel and direction: more than the eye can tell apart."""


def bar(left: float, top: float, right: float, bottom: float) -> Shape:
    """A horizontal bar with round ends."""
    radius = (bottom - top) / 2
    middle = (top + bottom) / 2

    def inside(x: float, y: float) -> bool:
        nearest = min(max(x, left + radius), right - radius)
        return (x - nearest) ** 2 + (y - middle) ** 2 <= radius**2

    return inside


def ring(x: float, y: float, outer: float, inner: float = -1.0) -> Shape:
    """A ring around a point; without an inner radius a disc."""
    return lambda a, b: (
        (inner < 0 or (a - x) ** 2 + (b - y) ** 2 >= inner**2)
        and ((a - x) ** 2 + (b - y) ** 2 <= outer**2)
    )


def box(left: float, top: float, right: float, bottom: float) -> Shape:
    """A rectangle."""
    return lambda x, y: left <= x <= right and top <= y <= bottom


def above(limit: float, shape: Shape) -> Shape:
    """What of a shape is higher than this."""
    return lambda x, y: y <= limit and shape(x, y)


def colour_icon() -> list[Layer]:
    """A brass bell on navy."""
    return [
        (box(0, 0, 1, 1), NAVY),
        (bar(0.18, 0.70, 0.82, 0.78), BRASS),
        (above(0.66, ring(0.50, 0.66, 0.27)), BRASS),
        (above(0.60, lambda x, y: x < 0.46 and ring(0.50, 0.66, 0.21, 0.17)(x, y)), SHINE),
        (box(0.475, 0.30, 0.525, 0.42), BRASS),
        (bar(0.41, 0.26, 0.59, 0.33), BRASS),
    ]


def outline_icon() -> list[Layer]:
    """The same bell in lines two pixels wide, on whole pixels so that they stay sharp."""
    one = 1 / 32
    return [
        (bar(2 * one, 25 * one, 30 * one, 27 * one), WHITE),
        (above(23 * one, ring(16 * one, 23 * one, 12 * one, 10 * one)), WHITE),
        (box(4 * one, 21 * one, 28 * one, 23 * one), WHITE),
        (box(15 * one, 7 * one, 17 * one, 12 * one), WHITE),
        (bar(12 * one, 5 * one, 20 * one, 7 * one), WHITE),
    ]


def pixels(size: int, layers: Iterable[Layer]) -> bytes:
    """The picture as RGBA bytes, row by row; each pixel is the mean of its samples."""
    upside_down = list(layers)[::-1]
    steps = [(number + 0.5) / SAMPLES for number in range(SAMPLES)]
    picture = bytearray()
    for row in range(size):
        for column in range(size):
            picture += _mean(
                _seen((column + dx) / size, (row + dy) / size, upside_down)
                for dy in steps
                for dx in steps
            )
    return bytes(picture)


def _seen(x: float, y: float, upside_down: Iterable[Layer]) -> Colour:
    return next((colour for shape, colour in upside_down if shape(x, y)), NOTHING)


def _mean(colours: Iterable[Colour]) -> bytes:
    together = [sum(channel) for channel in zip(*colours, strict=True)]
    return bytes(round(one / SAMPLES**2) for one in together)


def png(size: int, picture: bytes) -> bytes:
    """RGBA bytes as a PNG file. https://www.w3.org/TR/png-3/"""
    rows = b"".join(
        b"\0" + picture[start : start + size * 4] for start in range(0, len(picture), size * 4)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


ICONS: dict[str, tuple[int, Callable[[], list[Layer]]]] = {
    "color.png": (192, colour_icon),
    "outline.png": (32, outline_icon),
}

if __name__ == "__main__":
    for name, (size, layers) in ICONS.items():
        (FOLDER / name).write_bytes(png(size, pixels(size, layers())))
