"""V1 does not change unnoticed: FROZEN.md holds one digest of its tree."""

from __future__ import annotations

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

from freeze import FROZEN, digest, files  # noqa: E402


def test_the_tree_has_the_digest_that_frozen_md_records() -> None:
    recorded = re.search(r"`([0-9a-f]{64})`", FROZEN.read_text(encoding="utf-8"))
    assert recorded, "FROZEN.md holds no digest"
    assert digest() == recorded[1], "V1 changed: write an ADR that says why, then run tools/freeze.py"


def test_the_digest_covers_sources_schemas_and_the_lock_file() -> None:
    names = {path.name for path in files()}
    assert {"event_loop.py", "portfolio.rs", "ohlcv.arrow", "Cargo.lock", "protocols.py"} <= names
    assert len(names) > 30


def test_a_changed_byte_changes_the_digest(tmp_path: Path) -> None:
    copy = tmp_path / "src"
    for path in files():
        target = copy / path.relative_to(REPOSITORY / "legacy_v1" / "src")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert digest(copy) == digest()
    victim = copy / "backtest_engine" / "event_loop.py"
    victim.write_bytes(victim.read_bytes() + b"\n")
    assert digest(copy) != digest()
