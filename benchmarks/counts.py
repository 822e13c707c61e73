"""Instruction counts by callgrind: the figure that does not depend on how busy the machine is.

The engine runs as a Rust program without Python around it, on two lengths of the market; the difference between the
two is what a bar costs, freed of start-up.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from benchmarks import market
from parity.harness.boundary import callgrind

REPOSITORY = Path(__file__).resolve().parents[1]
SIZES = (20_000, 60_000)


def instructions(folder: Path) -> dict[str, float] | str:
    """Instructions per bar of the whole run, by setting of ``output.equity``; a sentence when valgrind is missing.

    Raises:
        CountError: the program does not run.
        subprocess.CalledProcessError: the program does not build.
    """
    try:
        callgrind.require()
    except callgrind.ValgrindMissingError as error:
        return str(error)
    build = ["cargo", "build", "--release", "--locked", "-q", "-p", "omega-backtest", "--example", "run"]
    subprocess.run([*build, "--manifest-path", str(REPOSITORY / "rust_core" / "Cargo.toml")], check=True)
    program = REPOSITORY / "target" / "release" / "examples" / "run"
    out = {}
    for equity in ("trades", "bars"):
        counted = [_count(program, folder, bars, equity) for bars in SIZES]
        out[equity] = round((counted[1] - counted[0]) / (SIZES[1] - SIZES[0]), 1)
    return out


def _count(program: Path, folder: Path, bars: int, equity: str) -> int:
    root = folder / str(bars)
    market.write(root, bars)
    config = folder / "counted.json"
    config.write_text(json.dumps(market.config(bars, equity=equity)), encoding="utf-8")
    environment = {**os.environ, "OMEGA_DATA_PARQUET_ROOT": str(root)}
    counted = callgrind.count([str(program), str(config)], environment=environment)
    assert '"ok":true' in counted.output, counted.output[:500]
    return counted.instructions
