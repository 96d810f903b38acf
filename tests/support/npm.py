"""Packages from npm that tests use and nobody ships: installed into the run's own folder.

Nothing of a package runs while it is installed. Where npm is missing or cannot install, the test is
skipped with the reason; `.ci/run` lets no skip pass.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
NPM = shutil.which("npm")
PATIENCE = 300.0
"""Seconds of the machine's own time for one installation."""


def npm_package(factory: pytest.TempPathFactory, name: str, version: str) -> Path:
    """The folder of this version of a package, installed once for all workers of a run."""
    if not (NODE and NPM):
        pytest.skip("Node or npm is not installed")
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "npm" / f"{name.replace('/', '-')}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _install(NPM, folder, f"{name}@{version}")
            done.touch()
    return folder / "node_modules" / name


def _install(npm: str, folder: Path, package: str) -> None:
    """Its own package.json keeps npm from looking for one in the folders above."""
    (folder / "package.json").write_text('{"private": true}')
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    try:
        ran = subprocess.run(
            [npm, "install", *quietly, package],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {package} within {PATIENCE:.0f} s")
    if ran.returncode:
        pytest.skip(f"npm could not install {package}: {ran.stderr.strip()[-300:]}")
