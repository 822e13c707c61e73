"""The map of V1's boundary: ``python tools/map_v1.py`` writes ``legacy_v1/MAP.md``; ``--check`` only compares.

Entry points come from the built module, callers from V1's syntax trees, counts from runs with the recorder of the
parity harness. Nothing is written by hand but what replaces a call in V2.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LEGACY = REPOSITORY / "legacy_v1"
TARGET = LEGACY / "MAP.md"
sys.path[:0] = [str(LEGACY / "src"), str(REPOSITORY)]

from parity.harness.boundary.recorder import Recorder  # noqa: E402

#: A typical run: all rules of the first five scenarios, with costs.
TYPICAL = "full_all_scenarios_both"
#: Generated cases that are run; the suite runs more of the same.
GENERATED = 150
IN_V2 = {
    "BarRust": "columns of `contract::inputs::Pair`",
    "PositionRust": "`engine::order::Order`",
    "FeeRequestRust": "`engine::money::Desk`",
    "PortfolioRust": "`engine::broker::Broker`",
    "BatchResult": "no batches: one call",
    "calculate_slippage": "`engine::money::Desk::slip`",
    "calculate_slippage_batch": "`engine::money::Desk::slip`",
    "calculate_fee": "`engine::money::Desk::fee`",
    "calculate_fee_batch": "`engine::money::Desk::fee`",
    "check_entry_trigger": "`engine::broker::Broker::trigger`",
    "check_entry_trigger_batch": "`engine::broker::Broker::trigger`",
    "check_exit": "`engine::exits::decide`",
    "check_exit_batch": "`engine::exits::decide`",
    "sma": "`engine::indicators::sma`",
    "ema": "`engine::indicators::ema`",
    "ema_stepwise": "`engine::indicators::Steps`",
    "bollinger": "`engine::indicators::bollinger`",
    "atr": "`engine::indicators::atr`",
    "zscore": "`engine::indicators::z_score`",
    "kalman_mean": "`engine::indicators::kalman_mean`",
    "kalman_zscore": "`engine::indicators::z_score`",
    "kalman_zscore_stepwise": "`engine::indicators::Steps`",
    "bollinger_stepwise": "`engine::indicators::Steps`",
    "garch_volatility": "`engine::volatility::garch`",
    "garch_volatility_local": "`engine::volatility::garch`",
    "kalman_garch_zscore": "`engine::volatility::z_score`",
    "kalman_garch_zscore_local": "`engine::volatility::local_z`",
    "get_error_code_constants": "`contract::codes`",
    "schema_fingerprints": "none: no Arrow crosses",
    "last_kernel_ns": "`meta.timings_ns` of the result",
}
NOT_YET = "not in V2: no strategy uses it"


def entry_points() -> list[str]:
    """Functions, classes and public methods of the built module."""
    import omega_rust

    out = []
    for name in sorted(n for n in dir(omega_rust) if not n.startswith("_") and n != "omega_rust"):
        out.append(name)
        thing = getattr(omega_rust, name)
        if isinstance(thing, type):
            methods = [m for m in dir(thing) if not m.startswith("_") and callable(getattr(thing, m))]
            out += [f"{name}.{m}" for m in methods]
    return out


def _named(node: ast.AST) -> Iterator[str]:
    """What a node calls: a function by name or by text, a method of a portfolio or a position."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    elif isinstance(node, ast.Attribute):
        holder = getattr(node.value, "id", None) or getattr(node.value, "attr", None)
        if holder in ("portfolio", "_portfolio", "position"):
            yield f".{node.attr}"


def callers() -> dict[str, set[str]]:
    """Entry point (a method as ``.name``) -> places in V1 that call it."""
    out: dict[str, set[str]] = defaultdict(set)
    files = sorted((LEGACY / "src" / "backtest_engine").glob("*.py"))
    if not files:
        raise RuntimeError("V1's sources were not found")
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for inner in ast.walk(node):
                for name in _named(inner):
                    out[name].add(f"{path.stem}.{node.name}")
    return out


def counts_of(recorder: Recorder) -> Counter[str]:
    """Calls by entry point (a class is its constructor); attributes are no entry points."""
    names = set(entry_points())
    calls = {name.removesuffix(".__new__"): row.calls for name, row in recorder.crossings.items()}
    return Counter({name: n for name, n in calls.items() if name in names})


def typical_run() -> tuple[Counter[str], int]:
    """Counts of a typical observed run, and its tested bars."""
    import omega_rust
    from backtest_engine.runner import Environment, run_backtest

    observed = LEGACY / "observed"
    config = json.loads((observed / "runs" / f"{TYPICAL}.json").read_text(encoding="utf-8"))["config"]
    env = Environment(
        observed / "data" / "parquet", news_file=observed / "data" / "news" / "empty.csv", base_dir=observed
    )
    recorder = Recorder(omega_rust)
    with recorder.recording(attributes=False):
        result = run_backtest(config, env)
    return counts_of(recorder), result.bars_tested


def parity_cases() -> Counter[str]:
    """Counts over the suite's pinned cases, its first generated ones and the observed ones of scenarios 4 to 6."""
    import contextlib
    import io
    import tempfile

    import omega_rust
    from backtest_engine.runner import Environment, run_backtest
    from hypothesis import HealthCheck, Phase, given, settings

    from parity.harness.generate import cases as generators
    from parity.harness.model.case import Case
    from parity.harness.model.files import prepare
    from parity.harness.model.observed import observed_case

    cases = [Case.load(path) for path in sorted((REPOSITORY / "parity" / "cases").glob("*.json"))]
    if not cases:
        raise RuntimeError("the parity suite has no pinned cases")

    @settings(
        max_examples=GENERATED, derandomize=True, database=None, deadline=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(generators.cases())
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    observed = sorted((LEGACY / "observed" / "runs").glob("*.json"))
    cases += [
        observed_case(path, LEGACY / "observed")
        for path in observed
        if any(part in path.stem for part in ("_s4_", "_s5_", "_s6_"))
    ]
    recorder = Recorder(omega_rust)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for case in cases:
            prepared = prepare(case, Path(folder))
            files = {
                "execution_costs_file": str(prepared.costs_file),
                "symbol_specs_file": str(prepared.specs_file),
            }
            with recorder.recording(attributes=False), contextlib.suppress(AttributeError, KeyError, ValueError):
                env = Environment(prepared.data_root, news_file=prepared.news_csv)
                run_backtest({**prepared.case.config, **files}, env)
    return counts_of(recorder)


def render() -> str:
    """The whole page."""
    names, called_by = entry_points(), callers()
    counts, bars = typical_run()
    exercised = parity_cases()
    lines = [
        "# Map of V1's boundary",
        "",
        "Generated by `python tools/map_v1.py`; `tests/legacy_v1/test_map.py` fails when it is out of date.",
        "",
        f"Typical run: `observed/runs/{TYPICAL}.json`, {bars} bars, {sum(counts.values())} crossings "
        f"({sum(counts.values()) / bars:.1f} per bar). V2 crosses once.",
        "",
        "| entry point | called from | calls in the typical run | per bar | in V2 | parity suite |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        owner, _, method = name.partition(".")
        places = sorted(called_by.get(f".{method}" if method else owner, ()))
        shown = ", ".join(f"`{p}`" for p in places[:3]) + (f" (+{len(places) - 3})" if len(places) > 3 else "")
        n = counts[name]
        per_bar = f"{n / bars:.4f}" if n else "-"
        parity = "exercised" if exercised[name] else "no"
        lines.append(f"| `{name}` | {shown or '-'} | {n} | {per_bar} | {IN_V2.get(owner, NOT_YET)} | {parity} |")
    quiet = [name for name in names if not exercised[name] and "." not in name]
    lines += ["", f"Not exercised by the parity suite: {', '.join(f'`{n}`' for n in quiet)}.", ""]
    return "\n".join(lines)


def main() -> int:
    """Writes the map, or with ``--check`` compares it: 1 when it is out of date."""
    text = render()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
