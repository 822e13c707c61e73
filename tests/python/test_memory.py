"""What a run does with memory, counted in pages and not in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import market

BARS = 100_000
#: Prints how many pages the kernel hands out for a run that comes 1.3 seconds after one like it.
CHILD = (
    "import resource, sys, time\n"
    "from bt import _native\n"
    "_native.run_backtest(sys.argv[1])\n"
    "time.sleep(1.3)\n"
    "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
    "assert '\"ok\":true' in _native.run_backtest(sys.argv[1])\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n"
)


def pages(root: Path, **environment: str) -> int:
    config = json.dumps(market.config(BARS))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, config],
        env={**os.environ, "OMEGA_DATA_PARQUET_ROOT": str(root), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_run_that_comes_later_finds_the_memory_of_the_one_before_unless_the_environment_says_otherwise(
    tmp_path: Path,
) -> None:
    market.write(tmp_path, BARS)
    kept, given_back = pages(tmp_path), pages(tmp_path, MIMALLOC_PURGE_DELAY="1000")
    assert kept < given_back / 3, (kept, given_back)
