"""README's Python example runs as typed once the market runs have written the embedded market."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from parity.harness.generate import market_runs

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_python_example_of_the_readme_runs_as_typed_after_a_market_run() -> None:
    market_runs.cases(market_runs.source(REPOSITORY))
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OMEGA_")}
    program = blocks[0] + "\nprint(result.trades.num_rows, len(result.trades_frame('pandas')))\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    trades, rows = map(int, done.stdout.split())
    assert trades == rows > 0
