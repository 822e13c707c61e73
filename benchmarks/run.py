"""Whole-process benchmarks of V2 against a floor and its peers: ``make bench``.

Every round runs every contestant once, so that all run on the same machine; a ratio is taken within its round,
and the median over the rounds is reported with a bootstrap interval. Each sample carries its number of trades, which
must not change. Samples are kept as a pyperf suite (``python -m pyperf stats FILE``), the rest as JSON next to it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyperf

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import bt  # noqa: E402
from bt import _native  # noqa: E402

from benchmarks import counts, market, peers  # noqa: E402

BARS = 1_000_000
#: Calls that fill caches and memory before those that count, where each call is a sample.
WARM_UP = 3
Contestant = Callable[[], tuple[float, int]]


def timed(work: Callable[[], int], calls: int = 1) -> Contestant:
    """Mean seconds and trades of some calls; what earlier contestants left behind is collected before."""

    def run() -> tuple[float, int]:
        gc.collect()
        start = time.perf_counter()
        answers = [work() for _ in range(calls)]
        took = (time.perf_counter() - start) / calls
        assert len(set(answers)) == 1, f"one contestant, different trades: {answers}"
        return took, answers[0]

    return run


def omega(root: Path, config: dict[str, object]) -> int:
    """Files to parsed Python result: trades as records, equity as columns."""
    os.environ["OMEGA_DATA_PARQUET_ROOT"] = str(root)
    result = bt.run_backtest(config)
    assert result.equity.num_rows > 0
    return len(result.trade_records)


def bootstrap(values: list[float], seed: int = 1) -> tuple[float, float]:
    """95 % interval of the median."""
    draws = np.random.default_rng(seed).choice(np.array(values), (2_000, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(low), float(high)


def rounds(contestants: dict[str, Contestant], count: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Samples in seconds and trades, by contestant; one warm-up round is not counted.

    Raises:
        AssertionError: a contestant's trades changed from one round to the next.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    trades: dict[str, int] = {}
    for number in range(count + 1):
        for name, run in contestants.items():
            took, answer = run()
            assert trades.setdefault(name, answer) == answer, f"{name}: {answer} trades, {trades[name]} before"
            if number:
                seconds[name].append(took)
        print(f"  round {number} of {count}", file=sys.stderr)
    return seconds, trades


def stages(root: Path, config: dict[str, object], count: int) -> dict[str, float]:
    """Median milliseconds of each part of a call, the boundary on both sides included; in a process of its own."""
    config_json = json.dumps(config)
    samples = json.loads(alone("from benchmarks import run; run.print_stages()", root, config_json, f"{count}"))
    return {name: statistics.median(values) for name, values in samples.items()}


def print_stages() -> None:
    """The samples of ``stages``, for the configuration and the number of calls that the command line gives."""
    config, count = json.loads(sys.argv[1]), int(sys.argv[2])
    seen: dict[str, list[float]] = {}
    for number in range(count + WARM_UP):
        gc.collect()
        a = time.perf_counter()
        text = json.dumps(config)
        b = time.perf_counter()
        answer = _native.run_backtest(text)
        c = time.perf_counter()
        result = bt.Result.from_json(answer)
        d = time.perf_counter()
        columns = result.equity
        e = time.perf_counter()
        inside = {name: ns / 1e6 for name, ns in result.meta["timings_ns"].items()}
        raw = answer.encode()
        # Gone before the text is made again, as between two calls: memory fetched anew would cost ten times as much.
        del answer, result, columns
        f = time.perf_counter()
        again = raw.decode()  # what the native module does to hand its text over
        g = time.perf_counter()
        del raw, again
        parts = {"config to JSON": (b - a) * 1e3, **inside}
        parts |= {"JSON to records": (d - c) * 1e3, "JSON to columns": (e - d) * 1e3}
        parts["text to str"] = (g - f) * 1e3
        parts["rest (hashes)"] = (c - b - (g - f)) * 1e3 - sum(inside.values())
        parts["whole"] = (e - a) * 1e3
        crossing = sum(parts[name] for name in ("config to JSON", "serialise", "text to str", "JSON to records"))
        parts["boundary share"] = crossing / (parts["whole"] - parts["JSON to columns"])
        parts["boundary share, equity columns too"] = (crossing + parts["JSON to columns"]) / parts["whole"]
        for name, value in parts.items():
            if number >= WARM_UP:
                seen.setdefault(name, []).append(value)
    print(json.dumps(seen))


def alone(code: str, root: Path, *arguments: str) -> str:
    """What Python code prints in a process of its own that sees ``root``."""
    environment = {**os.environ, "OMEGA_DATA_PARQUET_ROOT": str(root)}
    command = [sys.executable, "-c", code, *arguments]
    # Its errors are shown where they happen.
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def peak_memory(root: Path, bars: int, equity: str) -> float:
    """MiB resident at most (Linux: VmHWM) in a process of its own that makes one call and reads all of the result."""
    code = (
        "import re, sys, bt\n"
        "result = bt.run_backtest(sys.argv[1])\n"
        "assert result.trade_records and result.equity.num_rows\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)\n"
    )
    config = json.dumps(market.config(bars, equity=equity))
    return float(alone(code, root, config))


def scaling(folder: Path, sizes: list[int]) -> dict[str, float]:
    """Nanoseconds per bar by number of bars; the best of three."""
    out = {}
    for bars in sizes:
        root = folder / str(bars)
        market.write(root, bars)
        run = timed(partial(omega, root, market.config(bars)))
        out[f"{bars}"] = min(run()[0] for _ in range(3)) / bars * 1e9
    return out


def suite(seconds: dict[str, list[float]]) -> pyperf.BenchmarkSuite:
    """Timings in seconds as a pyperf suite: one benchmark for each name, one value for each round."""
    made = [
        pyperf.Benchmark([pyperf.Run(values, metadata={"name": name, "loops": 1}, collect_metadata=False)])
        for name, values in seconds.items()
    ]
    return pyperf.BenchmarkSuite(made)


def compare(seconds: dict[str, list[float]], over: str, under: str) -> dict[str, Any]:
    """Ratio of two contestants, round by round."""
    ratios = [a / b for a, b in zip(seconds[over], seconds[under], strict=True)]
    low, high = bootstrap(ratios)
    return {"ratio": statistics.median(ratios), "low": low, "high": high, "rounds": ratios}


#: name, over, under, limit, and whether the ratio must stay below it (else above).
LIMITS = [
    ("whole call, equity trades / pyarrow read", "omega trades", "pyarrow read", 2.0, True),
    ("whole call, equity bars / pyarrow read", "omega bars", "pyarrow read", 5.0, True),
    ("vectorbt / omega", "vectorbt", "omega beside peers", 8.0, False),
    ("backtesting.py / omega", "backtesting.py", "omega beside peers", 60.0, False),
    ("V1 / omega", "V1", "omega beside peers", 300.0, False),
]


def measure(folder: Path, count: int, sizes: list[int]) -> tuple[dict[str, Any], pyperf.BenchmarkSuite]:
    """Everything, as plain data and as a pyperf suite."""
    large, tiny = folder / str(BARS), folder / "200"
    for root, bars in ((large, BARS), (tiny, 200)):
        market.write(root, bars)
    # Made before the clock runs: finding the last day of a market takes longer than a short run.
    trades_config, bars_config = market.config(BARS), market.config(BARS, equity="bars")
    tiny_config = market.config(200)
    own: dict[str, Contestant] = {
        "pyarrow read": timed(lambda: peers.pyarrow_read(large)),
        "omega trades": timed(lambda: omega(large, trades_config)),
        "omega bars": timed(lambda: omega(large, bars_config)),
        "omega, 200 bars": timed(lambda: omega(tiny, tiny_config), calls=20),
    }
    others: dict[str, Contestant] = {
        "vectorbt": timed(lambda: peers.vectorbt(large)),
        "backtesting.py": timed(lambda: peers.backtesting_py(large)),
        "V1": timed(lambda: peers.v1(large, BARS)),
        # A noisy second hardly shows in a peer's long run. Ours is a mean, too, so that it does not decide.
        "omega beside peers": timed(lambda: omega(large, trades_config), calls=20),
    }
    # V2 and its floor first: the peers leave compilers and caches behind that slow down everything after them.
    seconds, trades = rounds(own, 2 * count)
    parts = stages(large, trades_config, max(count, 15))
    for part, into in zip(rounds(others, count), (seconds, trades), strict=True):
        into.update(part)  # type: ignore[arg-type]
    facts = {
        "when": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "machine": {"cpus": os.cpu_count(), "processor": processor(), "system": platform.platform()},
        "versions": versions(),
        "median_ms": {name: statistics.median(values) * 1e3 for name, values in seconds.items()},
        "trades": trades,
        "ratios": {
            name: {**compare(seconds, over, under), "limit": limit, "below": below}
            for name, over, under, limit, below in LIMITS
        },
        "stages_ms": parts,
        "loop_ns_per_bar": parts["loop"] * 1e6 / BARS,
        "run_of_200_bars_ms": statistics.median(seconds["omega, 200 bars"]) * 1e3,
        "peak_mib": {equity: peak_memory(large, BARS, equity) for equity in ("trades", "bars")},
        "scaling_ns_per_bar": scaling(folder, sizes),
        "instructions_per_bar": counts.instructions(folder),
    }
    return facts, suite(seconds)


def versions() -> dict[str, str]:
    """Of everything that was measured and that measured; "unknown" where a tool is missing."""

    def said(*command: str) -> str:
        try:
            done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return "unknown"
        return done.stdout.strip()

    changed = "" if said("git", "status", "--porcelain", "--untracked-files=no") == "" else "+changes"
    packages = {name: metadata.version(name) for name in ("pyarrow", "msgspec", "numpy", "vectorbt", "backtesting")}
    commit = said("git", "rev-parse", "--short=12", "HEAD") + changed
    own = {"commit": commit, "bt": bt.__version__, "python": platform.python_version(), "rustc": said("rustc", "-V")}
    return own | {"valgrind": said("valgrind", "--version")} | packages


def processor() -> str:
    """Name of the processor where the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def table(facts: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"{name:28}{value:>12,.1f} ms{facts['trades'][name]:>10,} trades" for name, value in facts["median_ms"].items()
    ]
    lines.append("")
    for name, row in facts["ratios"].items():
        good = row["ratio"] <= row["limit"] if row["below"] else row["ratio"] >= row["limit"]
        aim = f"{'at most' if row['below'] else 'at least'} {row['limit']:g}"
        lines.append(
            f"{name:44}{row['ratio']:>9.2f} [{row['low']:.2f}, {row['high']:.2f}]  {aim}: {'met' if good else 'MISSED'}"
        )
    parts = facts["stages_ms"]
    lines += ["", "where the time of a call with equity trades goes, ms:"]
    lines += [f"  {name:30}{value:>9.2f}" for name, value in parts.items() if "share" not in name]
    single = [
        ("event loop, ns per bar", facts["loop_ns_per_bar"], 25.0),
        ("boundary, share of the whole", parts["boundary share"], 0.15),
        ("run of 200 bars, ms", facts["run_of_200_bars_ms"], 1.0),
        ("peak memory with trades, MiB", facts["peak_mib"]["trades"], 350.0),
    ]
    lines.append("")
    lines += [
        f"{name:44}{value:>9.2f}  at most {limit:g}: {'met' if value <= limit else 'MISSED'}"
        for name, value, limit in single
    ]
    lines.append(f"{'boundary, with the table of equity':44}{parts['boundary share, equity columns too']:>9.2f}")
    lines.append(
        "ns per bar by bars: " + ", ".join(f"{int(n):,}: {v:.0f}" for n, v in facts["scaling_ns_per_bar"].items())
    )
    lines.append("instructions per bar (callgrind): " + json.dumps(facts["instructions_per_bar"]))
    return "\n".join(lines)


def main() -> int:
    """Measures, prints a table, and writes ``bench.json`` and ``samples.json`` to the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="rounds that count (default: 9)")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "var" / "bench", help="markets and results")
    parser.add_argument("--sizes", default="1000000,2000000,5000000,10000000", help="bars of the scaling runs")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    facts, samples = measure(arguments.folder, arguments.rounds, sizes)
    (arguments.folder / "bench.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    samples.dump(str(arguments.folder / "samples.json"), replace=True)
    kept = arguments.folder / "history" / f"{facts['when']}-{facts['versions']['commit']}.json"
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(arguments.folder / "bench.json", kept)
    print(table(facts))
    print(f"written: {arguments.folder / 'bench.json'} and samples.json; kept: {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
