"""What was compared with what: versions that a case file and a report name."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def command() -> str:
    """The omega-parity of this environment, as one would type it here."""
    path = Path(sys.executable).parent / "omega-parity"
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@lru_cache(maxsize=1)
def commit() -> str:
    """The commit of this checkout, with a digest of what was changed since; ``unknown`` outside a checkout.

    Sessions of several machines are joined only where it is the same.
    """

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, check=True).stdout

    try:
        head, changes = git("rev-parse", "HEAD").decode().strip(), git("diff", "HEAD", "--binary")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else head


@lru_cache(maxsize=1)
def known() -> dict[str, str]:
    """Versions of both engines and of Python; of V1 the digest that is frozen."""
    frozen = REPOSITORY / "legacy_v1" / "FROZEN.md"
    digest = re.search(r"`([0-9a-f]{64})`", frozen.read_text(encoding="utf-8")) if frozen.exists() else None
    return {
        "V1": digest[1][:12] if digest else "unknown",
        "V2": metadata.version("omega-bt"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
