"""Makes `pytest parity/` work as typed: outside the project's environment it hands over to the one `make` built.

A command line that pytest cannot use ends with 2, as every run that cannot judge does, and not with pytest's own 4.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).resolve().parent / ".venv"
UNUSABLE = 2
#: What the build installs last: the packages of V1's and V2's native modules.
ENGINES = ("omega-rust-v1", "omega-bt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Makes an option that pytest cannot parse end with 2."""
    # argparse itself ends with 2; pytest turns that into a usage error of its own.
    optparser = getattr(parser, "optparser", None)
    if optparser is not None:
        optparser.error = partial(argparse.ArgumentParser.error, optparser)


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main() -> Generator[None, int | None, int | None]:
    """Makes every other command line that pytest cannot use end with 2."""
    try:
        return (yield)
    except pytest.UsageError as error:
        print("\n".join(f"ERROR: {line}" for line in error.args), file=sys.stderr)
        return UNUSABLE


def pytest_configure(config: pytest.Config) -> None:
    """Starts this command again with the environment's Python, unless it runs there already.

    Raises:
        pytest.UsageError: neither environment has both engines.
    """
    python = ENVIRONMENT / "bin" / "python"
    built_here = _has_engines(sys.path)
    built_there = python.exists() and _has_engines(
        [str(path) for path in ENVIRONMENT.glob("lib/python*/site-packages")]
    )
    stays = Path(sys.prefix) == ENVIRONMENT or (os.environ.get("VIRTUAL_ENV") and built_here)
    if stays or not built_there:
        if not built_here:
            raise pytest.UsageError("the engines are not built yet: run `make parity` (or `make setup`) first")
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", "pytest", *sys.argv[1:]])


def _has_engines(path: list[str]) -> bool:
    """Whether the folders of a module search path hold both engines."""
    return all(next(iter(metadata.distributions(name=name, path=path)), None) for name in ENGINES)
