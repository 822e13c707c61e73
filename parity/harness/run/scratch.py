"""Where the files of cases lie while engines read them: in memory, where the system offers that.

Thousands of small files a minute cost more than the engines do on many disks.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Names another folder for scratch files.
VARIABLE = "OMEGA_PARITY_SCRATCH"
#: Linux's file system in memory, and the bytes that must be free there.
MEMORY, ROOM = Path("/dev/shm"), 256 << 20


def _parent() -> Path | None:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        return MEMORY
    return None


def check_writable(folder: Path) -> None:
    """Makes a folder and tries to write there.

    Raises:
        OSError: it cannot be made, or nothing can be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as handle:
        handle.write(b"\n")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards: below ``$OMEGA_PARITY_SCRATCH``, else in memory, else the system's choice.

    Raises:
        OSError: the folder that the variable names does not exist or cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="omega-parity-", dir=_parent()) as folder:
        yield Path(folder)
