"""Same configuration and data, same bytes: across runs, threads and processes, and in parallel with other runs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bt
import pytest

Config = Callable[..., dict[str, Any]]
TIMINGS = re.compile(r'"timings_ns":\{[^}]*\}')
REPO = Path(__file__).resolve().parents[2]
CHILD = (
    "import hashlib, re, sys, bt\n"
    "for text in sys.stdin.read().splitlines():\n"
    "    answer = re.sub(r'\"timings_ns\":\\{[^}]*\\}', '', bt.run_backtest_json(text))\n"
    "    print(hashlib.sha256(answer.encode()).hexdigest())\n"
)


def digest(text: str) -> str:
    answer = bt.run_backtest_json(text)
    assert '"ok":true' in answer
    stripped, count = TIMINGS.subn("", answer)
    assert count == 1
    return hashlib.sha256(stripped.encode()).hexdigest()


@pytest.fixture
def texts(market: Any, config: Config) -> list[str]:
    """Configurations that use random slippage, every scenario, events and both settings of the switches."""
    slippage = {"slippage": {"fixed_pips": 0.1, "random_pips": 0.7}}
    parameters = dict(config()["strategy_parameters"], enabled_scenarios=[1, 2, 3, 4, 5], garch_min_periods=2)
    parameters |= {"intraday_vol_min_points": 3, "intraday_vol_cluster_window": 10}
    variants = [
        config(costs=slippage),
        config(costs=slippage, rng_seed=2**64 - 1),
        config(costs=slippage, execution_variant="v1_parity"),
        config(costs=slippage, strategy_parameters=parameters, output={"equity": "bars", "events": True}),
    ]
    return [json.dumps(variant) for variant in variants]


def test_a_run_is_byte_identical_again_and_in_parallel_with_others_in_threads(texts: list[str]) -> None:
    wanted = [digest(text) for text in texts]
    assert len(set(wanted)) == len(texts)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(digest, texts * 25))
    assert found == wanted * 25


def test_a_run_is_byte_identical_in_other_processes_whatever_their_hash_seed(texts: list[str]) -> None:
    wanted = [digest(text) for text in texts]
    for seed in ("0", "1", "random"):
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            input="\n".join(texts),
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "Asia/Kathmandu"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == wanted


def test_a_large_run_that_uses_several_threads_is_byte_identical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import market as bench

    # More bars and bytes than any of the engine's thresholds for a second thread.
    bench.write(tmp_path, 120_000)
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", str(tmp_path))
    text = json.dumps(bench.config(120_000, equity="bars"))
    assert len({digest(text) for _ in range(4)}) == 1


@pytest.mark.parametrize("scenario", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("variant", ["v2", "v1_parity"])
def test_bars_that_are_passed_over_at_once_give_what_walking_each_of_them_gives(
    scenario: int, variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the trace on every bar is walked; without it idle and held bars are passed over."""
    from benchmarks import market as bench

    bench.write(tmp_path, 20_000)
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", str(tmp_path))
    config: dict[str, Any] = bench.config(20_000, equity="bars")
    config["strategy_parameters"] |= {"enabled_scenarios": [scenario], "intraday_vol_garch_lookback": 200}
    config["strategy_parameters"] |= {"z_score_long": -1.0, "z_score_short": 1.0, "std_factor": 1.5}
    config["strategy_parameters"] |= {"scenario6_timeframes": ["PRIMARY"]}
    config["strategy_parameters"] |= {"tp_min_distance": 0.0, "intraday_vol_allowed": ["low", "mid", "high"]}
    config |= {"execution_variant": variant, "sessions": [{"start": "06:00", "end": "20:00"}]}
    config |= {"cooldown": {"minutes_after_exit": 7}, "rng_seed": 3}
    config["trade_management"] = {"enabled": True, "max_holding_minutes": 12}
    fast = bt.run_backtest(config).raw
    slow = bt.run_backtest({**config, "output": {"equity": "bars", "events": True}}).raw
    assert len(fast["trades"]) >= 10
    for part in ("trades", "open_positions", "rejected_orders", "equity", "metrics"):
        assert fast[part] == slow[part], part


def test_nothing_in_the_core_asks_for_fused_or_relaxed_arithmetic_and_libm_is_used_where_it_is_named() -> None:
    """Rust never fuses or reorders on its own; what depends on the platform's libm is a closed list."""
    allowed = {
        "ln": {"volatility.rs", "cluster.rs"},  # log returns; log of a volatility before clustering
        "powf": {"current.rs", "volatility.rs"},  # yearly growth in the Calmar ratio; the square in GARCH
        "powi": {"rounding.rs"},  # powers of ten up to 10^6, exact in any order
    }
    calls = re.compile(r"\.(mul_add|ln|ln_1p|log10|log2|log|exp|exp2|powf|powi|sin|cos|tan|cbrt|hypot)\(")
    found: dict[str, set[str]] = {}
    files = [p for p in (REPO / "rust_core" / "crates").rglob("*.rs") if "tests" not in p.parts]
    for path in files:
        for name in calls.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(path.name)
    assert len(files) > 40
    assert found == allowed
    for manifest in (REPO / "rust_core").rglob("*.toml"):
        assert "fast-math" not in manifest.read_text(encoding="utf-8")
    # The second level of x86-64 has no instruction that multiplies and adds at once.
    [settings] = (REPO / ".cargo").glob("*.toml")
    assert re.findall(r"target-cpu=([\w-]+)", settings.read_text(encoding="utf-8")) == ["x86-64-v2"]
