"""Digest of V1's tree: ``python tools/freeze.py`` writes it into ``legacy_v1/FROZEN.md``.

Whoever runs this after a change of V1 owes an ADR that says why (ADR 0003).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "legacy_v1" / "src"
FROZEN = REPOSITORY / "legacy_v1" / "FROZEN.md"
SKIPPED = {"__pycache__", "target", ".pytest_cache"}


def files(root: Path = SOURCE) -> list[Path]:
    """Every file of the tree but build output, sorted by relative path."""
    found = [p for p in root.rglob("*") if p.is_file() and not SKIPPED & set(p.relative_to(root).parts)]
    found = [p for p in found if p.suffix not in (".pyc", ".so")]
    return sorted(found, key=lambda p: p.relative_to(root).as_posix())


def digest(root: Path = SOURCE) -> str:
    """SHA-256 over (relative path, length, content) of every file."""
    total = hashlib.sha256()
    for path in files(root):
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


if __name__ == "__main__":
    text = FROZEN.read_text(encoding="utf-8")
    FROZEN.write_text(re.sub(r"`[0-9a-f]{64}`", f"`{digest()}`", text), encoding="utf-8")
    print(f"{len(files())} files, {digest()}")
