"""V1's speed on the observed runs: ``python tools/v1_speed.py [--repeat N]`` prints bars per second by scenario.

The loop figure is what the event loop alone does; the whole run adds loading, indicators and metrics. The figures of
the measured original (a 2-core machine) are printed next to them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "legacy_v1" / "src"))
OBSERVED = REPOSITORY / "legacy_v1" / "observed"
#: Bars per second of the measured original's loop, by scenario.
ORIGINAL = {1: 22_000, 2: 11_700, 3: 15_600, 4: 15_000, 5: 6_400, 6: 5_200}


def scenario_runs() -> dict[int, list[dict[str, Any]]]:
    """Observed runs that enable exactly one scenario and trade."""
    out: dict[int, list[dict[str, Any]]] = {n: [] for n in ORIGINAL}
    for path in sorted((OBSERVED / "runs").glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        enabled = case["config"]["strategy"]["parameters"].get("enabled_scenarios") or []
        if len(enabled) == 1 and case["trades"]:
            out[enabled[0]].append(case["config"])
    return out


def measure(config: dict[str, Any], repeat: int) -> tuple[float, float]:
    """Median (loop, whole run) bars per second."""
    from backtest_engine.runner import Environment, run_backtest

    env = Environment(
        data_root=OBSERVED / "data" / "parquet", news_file=OBSERVED / "data" / "news" / "empty.csv", base_dir=OBSERVED
    )
    runs = [run_backtest(config, env) for _ in range(repeat)]
    return (
        statistics.median(r.bars_tested / r.loop_s for r in runs),
        statistics.median(r.bars_tested / r.wall_s for r in runs),
    )


def main() -> int:
    """Prints bars per second for each scenario; 1 when one is slower than V1's original loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each config (default: 5)")
    arguments = parser.parse_args()
    print(f"{'scenario':10}{'configs':>8}{'loop, bars/s':>14}{'whole, bars/s':>15}{'original loop':>15}{'ratio':>8}")
    slower = 0
    for number, configs in scenario_runs().items():
        figures = [measure(config, arguments.repeat) for config in configs]
        loop, whole = (statistics.median(f[i] for f in figures) for i in (0, 1))
        ratio = loop / ORIGINAL[number]
        slower += ratio < 1
        print(f"{number:<10}{len(configs):>8}{loop:>14,.0f}{whole:>15,.0f}{ORIGINAL[number]:>15,}{ratio:>8.1f}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
