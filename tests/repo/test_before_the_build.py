"""pytest that is started before the engines are built, or while they are, says in one line what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
INSTALLED = Path(pytest.__file__).parents[1]


def environment(folder: Path, *without: str) -> Path:
    """A virtual environment with what is installed here, but for packages that begin so; its Python."""
    venv.create(folder, symlinks=True)
    site = folder / SITE
    for path in INSTALLED.iterdir():
        if not path.name.startswith(without) and not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    return folder / "bin" / "python"


def checkout(folder: Path) -> Path:
    """What pytest reads of this repository before its first test, in a folder of its own."""
    folder.mkdir()
    # Copied: the conftest searches for .venv beside itself.
    (folder / "conftest.py").write_bytes((REPOSITORY / "conftest.py").read_bytes())
    for name in ("pyproject.toml", "parity"):
        (folder / name).symlink_to(REPOSITORY / name)
    return folder


def run(python: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return subprocess.run(
        [python, "-m", "pytest", "parity", "--collect-only", "-q"],
        cwd=folder, env={**kept, **variables}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def assert_says_what_to_do(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done
    assert done.stderr == "ERROR: the engines are not built yet: run `make parity` (or `make setup`) first\n"
    assert done.stdout == ""


@pytest.mark.parametrize("missing", ["omega_bt", "omega_rust"])
def test_in_the_environment_that_is_being_built(tmp_path: Path, missing: str) -> None:
    here = checkout(tmp_path / "here")
    python = environment(here / ".venv", missing)
    assert_says_what_to_do(run(python, here))
    assert_says_what_to_do(run(python, here, VIRTUAL_ENV=str(here / ".venv")))


def test_outside_it_before_there_is_one(tmp_path: Path) -> None:
    here = checkout(tmp_path / "here")
    assert_says_what_to_do(run(environment(tmp_path / "other", "omega_"), here))


def test_outside_it_while_its_packages_are_installed(tmp_path: Path) -> None:
    here = checkout(tmp_path / "here")
    environment(here / ".venv", "pytest", "_pytest", "omega_")
    assert_says_what_to_do(run(environment(tmp_path / "other", "omega_"), here))


def test_outside_it_once_it_is_built_pytest_starts_again_in_it(tmp_path: Path) -> None:
    here = checkout(tmp_path / "here")
    environment(here / ".venv")
    other = environment(tmp_path / "other", "omega_")
    for variables in ({}, {"VIRTUAL_ENV": str(tmp_path / "other")}):
        done = run(other, here, **variables)
        assert done.returncode == 0, done
        assert "test_pinned.py" in done.stdout
