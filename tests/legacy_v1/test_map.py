"""The map of V1's boundary is generated from the code and up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_map_is_what_the_generator_writes() -> None:
    tool = REPOSITORY / "tools" / "map_v1.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, "run: python tools/map_v1.py\n" + done.stderr[-1500:]


def test_the_map_names_every_entry_point_and_the_busy_ones_are_exercised() -> None:
    import omega_rust

    text = (REPOSITORY / "legacy_v1" / "MAP.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    assert len(rows) > 40
    assert {n for n in dir(omega_rust) if not n.startswith("_")} - {"omega_rust"} <= rows.keys()
    for name in ("check_exit", "calculate_fee", "PortfolioRust.update", "PositionRust.fill", "zscore", "BarRust"):
        assert rows[name].endswith("| exercised |"), rows[name]
