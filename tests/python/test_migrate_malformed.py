"""Malformed V1 configs end in ``MigrationError``, never in a traceback; what is taken, V2 takes too."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import bt
import numpy as np
import pytest
from bt import cli
from hypothesis import given, settings
from hypothesis import strategies as st
from v1_configs import GONE, having, refusal, scripted, v1

ORDER = {"bar": 0, "direction": "long", "type": "limit", "entry": 1.1, "sl": 1.0, "tp": 1.2, "scenario": "a"}
P = "strategy.parameters."


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


#: Configs as people break them: (id, config, codes and paths of the faults).
MALFORMED: list[tuple[str, Any, list[tuple[int, str]]]] = [
    ("no-mapping", ["EURUSD"], [(1004, "")]),
    ("nothing", None, [(1004, "")]),
    ("empty", {}, [(1008, "timeframes"), (1008, "strategy"), (1008, "symbol"), (1008, "start_date"),
                   (1008, "end_date"), (4001, "rates_static")]),
    ("strategy-as-text", having("strategy", "mean_reversion"), [(1004, "strategy")]),
    ("parameters-as-list", having("strategy.parameters", [1]), [(1004, "strategy.parameters")]),
    ("timeframes-as-list", having("timeframes", ["M5", "H1"]), [(1004, "timeframes")]),
    ("additional-as-text", having("timeframes.additional", "H1"), [(1004, "timeframes.additional")]),
    ("unknown-timeframe", having("timeframes.primary", "5min"), [(1001, "timeframes.primary")]),
    ("symbols-as-list", having("symbol", ["EURUSD"]), [(1004, "symbol")]),
    ("symbol-with-a-path", having("symbol", "../EURUSD"), [(1009, "symbol")]),
    ("symbol-with-a-newline", having("symbol", "EURUSD\n"), [(1009, "symbol")]),
    ("date-as-number", having("start_date", 20250107), [(1004, "start_date")]),
    ("true-for-a-number", having(P + "window_length", True), [(1004, P + "window_length")]),
    ("text-for-a-flag", having(P + "use_position_manager", "false"), [(1004, P + "use_position_manager")]),
    ("not-a-number", having(P + "atr_mult", float("nan")), [(1006, P + "atr_mult")]),
    ("infinite-text", having(P + "atr_mult", "inf"), [(1006, P + "atr_mult")]),
    ("huge-number", having(P + "window_length", 10**5000), [(1006, P + "window_length")]),
    ("huge-text", having(P + "window_length", "9" * 10**5), [(1006, P + "window_length")]),
    ("length-of-0", having(P + "b_b_length", 0.5), [(1006, P + "b_b_length")]),
    ("comma-for-a-point", having("risk_per_trade", "1,5"), [(1009, "risk_per_trade")]),
    ("negative-balance", having("initial_balance", -1), [(1006, "initial_balance")]),
    ("rates-as-list", having("rates_static", [1.1]), [(1004, "rates_static")]),
    ("rate-of-0", having("rates_static", {"EURUSD": 0}), [(1006, "rates_static.EURUSD")]),
    ("slippage-as-number", having("slippage", 0.5), [(1004, "slippage")]),
    ("negative-slippage", having("slippage", {"fixed_pips": -1}), [(1006, "slippage.fixed_pips")]),
    ("execution-as-number", having("execution", 3), [(1004, "execution")]),
    ("seed-too-large", having("execution.random_seed", 2**64), [(1006, "execution.random_seed")]),
    ("warmup-with-a-fraction", having("warmup_bars", 10.5), [(1006, "warmup_bars")]),
    ("session-as-list", having("session_filter", [["08:00", "16:00"]]), [(1004, "session_filter")]),
    ("session-of-three", having("session_filter.fixed_times", [["08:00", "12:00", "16:00"]]),
     [(1009, "session_filter.fixed_times[0]")]),
    ("session-in-other-digits", having("session_filter.fixed_times", [["０8:00", "16:00"]]),
     [(1009, "session_filter.fixed_times[0][0]")]),
    ("session-with-a-newline", having("session_filter.fixed_times", [["08:00\n", "16:00"]]),
     [(1009, "session_filter.fixed_times[0][0]")]),
    ("offset-as-number", having("anchored_session_filter", {"anchor": "london", "offset_window": [[-60, 180]]}),
     [(1004, "anchored_session_filter.offset_window[0][0]")]),
    ("offset-too-large", having("anchored_session_filter", {"anchor": "london", "offset_window": [["-25:00", "1:00"]]}),
     [(1006, "anchored_session_filter.offset_window[0][0]")]),
    ("no-anchor", having("anchored_session_filter", {"offset_window": [["-1:00", "1:00"]]}),
     [(1008, "anchored_session_filter.anchor")]),
    ("unknown-anchor", having("anchored_session_filter", {"anchor": "new york", "offset_window": [["0:00", "1:00"]]}),
     [(1001, "anchored_session_filter.anchor")]),
    ("no-offsets", having("anchored_session_filter", {"anchor": "london"}),
     [(1008, "anchored_session_filter.offset_window")]),
    ("empty-offsets", having("anchored_session_filter", {"anchor": "london", "offset_window": []}),
     [(1010, "anchored_session_filter.offset_window")]),
    ("anchored-both-ways", having("anchored_session_filter", {"anchor": "london", "offset_window": [["0:00", "1:00"]],
     "windows": []}), [(1006, "anchored_session_filter")]),
    ("second-anchor-missing", having("anchored_session_filter", {"windows": [
        {"anchor": "london", "offset_window": [["0:00", "1:00"]]}, {"offset_window": [["0:00", "1:00"]]}]}),
     [(1008, "anchored_session_filter.windows[1].anchor")]),
    ("scenario-as-word", having(P + "enabled_scenarios", ["one"]), [(1009, P + "enabled_scenarios[0]")]),
    ("scenarios-run-together", having(P + "enabled_scenarios", "12"), [(1009, P + "enabled_scenarios")]),
    ("number-for-a-key", v1(**{"rates_static": {1: 1.1}}), [(1004, "rates_static.1")]),
    ("cost-file-as-list", having("execution_costs_file", ["costs.yaml"]), [(1004, "execution_costs_file")]),
    ("cost-file-of-no-name", having("execution_costs_file", " "), [(1010, "execution_costs_file")]),
    ("order-without-stop", scripted({**ORDER, "sl": None}), [(1008, P + "orders[0].sl")]),
    ("limit-without-entry", scripted(ORDER, {**ORDER, "entry": None}), [(1008, P + "orders[1].entry")]),
    ("orders-as-mapping", having(P + "orders", {"0": ORDER}, scripted()), [(1004, P + "orders")]),
    ("half-a-surrogate-pair", scripted({**ORDER, "scenario": "\ud800"}), [(1009, P + "orders[0].scenario")]),
    ("deep-nesting", having(P + "window_length", nested(50_000)), [(1004, P + "window_length")]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "faults"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_malformed_configs_are_refused_by_code_and_path(config: Any, faults: list[tuple[int, str]]) -> None:
    error = refusal(config)
    assert [(i.code, i.path) for i in error.issues] == faults
    json.dumps([vars(issue) for issue in error.issues], allow_nan=False).encode()


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("{", 1009, ""),
        ("", 1009, ""),
        ("\ufeff{}", 1009, ""),
        ("[" * 100_000, 6004, ""),
        ('{"a": ' * 100_000, 6004, ""),
        ('{"symbol": "A", "symbol": "B"}', 1006, "symbol"),
        ('{"x": [{"y": {"z": 1, "w": 2, "z": 3}}]}', 1006, "x[0].y.z"),
        ("3", 1004, ""),
        ("null", 1004, ""),
        ("9" * 5000, 1009, ""),
    ],
)
def test_a_file_that_is_no_config_is_refused(
    text: str, code: int, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "v1.json"
    source.write_text(text, encoding="utf-8")
    assert cli.main(["migrate-config", str(source), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["issues"][0]["path"]) == (code, path)


@pytest.mark.parametrize("config", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_the_command_refuses_it_with_code_2_and_writes_nothing(
    config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "v1.json", tmp_path / "v2.json"
    try:
        source.write_text(json.dumps(config), encoding="utf-8")
    except (RecursionError, ValueError):
        source.write_text('{"symbol": ' + "[" * 50_000 + "]" * 50_000 + "}", encoding="utf-8")
    if config == v1(rates_static={1: 1.1}):  # a number is no key in JSON: it becomes text, which V1 never looked up
        assert cli.main(["migrate-config", str(source), "--write", str(target)]) == 0
        return
    assert cli.main(["migrate-config", str(source), "--write", str(target)]) == 2
    assert not target.exists()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("[") or "faults in the V1 config:" in err
    assert "Traceback" not in err


def test_unhashable_and_foreign_values_are_refused() -> None:
    foreign = ({1}, b"60", Decimal("60"), object(), 1j, np.array([1, 2]), [float("nan")], dt.time(7), bt, int)
    for value in foreign:
        assert refusal(having(P + "window_length", value)).code == 1004
        for path in ("symbol", "start_date", "timeframes", "strategy", "session_filter", "rates_static", "slippage",
                     "anchored_session_filter", P + "scenario6_params", P + "enabled_scenarios"):  # fmt: skip
            assert refusal(having(path, value)).issues, (path, value)


def test_numbers_and_dates_of_other_libraries_are_taken() -> None:
    source = having(P + "window_length", np.int64(60), having(P + "atr_mult", np.float32(1.5)))
    source |= {"start_date": dt.date(2025, 1, 7), "end_date": dt.datetime(2025, 1, 8)}
    config = bt.migrate_config(source).config
    assert json.loads(json.dumps(config)) == config
    parameters = config["strategy_parameters"]
    assert (parameters["window_length"], parameters["atr_mult"], config["start_date"]) == (60, 1.5, "2025-01-07")
    assert config["end_date"] == "2025-01-08"


def test_a_mapping_that_holds_itself_is_no_trap() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    assert refusal(having(P + "window_length", loop)).path == P + "window_length"
    assert "dropped  loop (" in bt.migrate_config(v1(loop=loop)).report()


def test_many_unknown_keys_are_reported_in_little_time() -> None:
    migration = bt.migrate_config(v1(**{f"cooldown_minuts{i}": i for i in range(50_000)}))
    assert sum(f.action == "dropped" for f in migration.findings) == 50_000


FULL: dict[str, Any] = v1(
    mode="candle", warmup_bars=10, initial_balance=10000.0, risk_per_trade=100.0, account_currency="EUR",
    rates={"mode": "static"}, execution={"random_seed": 7, "fee_multiplier": 1.0, "slippage_multiplier": 1.0},
    slippage={"fixed_pips": 0.1, "random_pips": 0.2}, execution_costs_file="costs.yaml", symbol_specs_file="s.yaml",
    session_filter={"fixed_times": [["08:00", "16:00"], ["18:00", "20:00"]]},
    anchored_session_filter={"anchor": "london", "offset_window": [["-01:00", "+03:00"]]},
    cooldown_candles=1, cooldown_minutes=2, cooldown_minutes_trade=3, reporting={"dev_mode": True, "dev_seed": 3},
    timestamp_alignment={
        "entry_timestamp_mode": "open", "stale_bar_limit_bars": 0, "use_previous_completed_higher_tf": True,
        "normalize_to_timeframe": False, "higher_tf_timestamps_mode": {"H1": "open"},
    },
)  # fmt: skip
FULL["strategy"]["parameters"] |= {
    "window_length": 20, "direction_filter": "both", "htf_tf": "H1", "htf_filter": "above", "extra_htf_tf": "NONE",
    "garch_omega": 1e-5, "garch_use_log_returns": True, "intraday_vol_allowed": ["low"], "max_holding_minutes": 30,
    "intraday_vol_feature": "atr_points", "intraday_vol_garch_lookback": 0, "intraday_vol_cluster_window": 30,
    "enabled_scenarios": [1, 6], "scenario6_mode": "any", "scenario6_timeframes": ["PRIMARY", "H1"],
    "scenario6_params": {"H1": {"window_length": 3, "long": {"z_score": -1}}}, "scenario6_H1_short_std_factor": 1,
    "local_z_lookback": 3, "z_score_long": -1, "z_score_short": 1, "use_position_manager": True,
}  # fmt: skip
TABLE = scripted(ORDER, {**ORDER, "type": "market", "entry": None}, max_holding_minutes=5)
TABLE["strategy"]["parameters"]["edits"] = [{"bar": 1, "order": 0, "sl": 1.05, "tp": None}]
HOSTILE: list[Any] = [
    None, True, False, 0, 1, -1, 2, 60.7, -0.0, 1e308, 5e-324, 10**30, -(10**400), 10**5000, float("nan"), float("inf"),
    "", " ", "60", "60.0", "1.6", "nan", "-inf", "1_000", "６0", "0x10", "NONE", "none", "close", "M5", "m5", "PRIMARY",
    "long", "LONG", "07:00", "7:00", "24:00", "-01:00", "london", "2025-01-07", "2025-01-07T00:00", "\ud800", "\0",
    "ü" * 300, [], {}, [[]], [{}], {"": 0}, {"a": {}}, [None], [["08:00", "16:00"]], ["M5"], [1], ["1"],
    {"EURUSD": 1.1}, {1: 2}, {None: 1}, (1, 2), [nested(90)], GONE,
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a config, containers included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def mutated(rng: random.Random, base: dict[str, Any]) -> Any:
    """A config in which one to three places hold something hostile, or have another key."""
    config: Any = copy.deepcopy(base)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.choice(places(config))
        value = copy.deepcopy(rng.choice(HOSTILE))
        if not place:
            config = value if rng.random() < 0.05 and value is not GONE else config
            continue
        parent = config
        for key in place[:-1]:
            parent = parent[key]
        if value is GONE or (rng.random() < 0.1 and isinstance(parent, dict)):
            old = parent.pop(place[-1])
            if isinstance(parent, dict) and value is not GONE:
                key = value if isinstance(value, int | str | None) else f"{place[-1]}x"
                parent[key] = old
        elif isinstance(parent, list | dict):
            parent[place[-1]] = value
    return config


def outcome(config: Any, semantics: Any) -> str:
    """Migrated and valid for V2, or refused. Anything else raises."""
    try:
        migration = bt.migrate_config(config, semantics)
    except bt.MigrationError as error:
        issues = error.issues
    else:
        return valid(migration)
    assert issues
    assert all(issue.message and issue.code >= 1000 for issue in issues)
    json.dumps([vars(issue) for issue in issues], allow_nan=False)
    return "refused"


def valid(migration: bt.Migration) -> str:
    """Asserts that V2 takes what was migrated."""
    assert all(line.isprintable() for line in migration.report().splitlines())
    text = json.dumps(migration.config, allow_nan=False)
    try:
        bt.run_backtest_json(text)
    except bt.ConfigError as error:
        raise AssertionError(f"V2 refuses what was migrated: {error}") from error
    return "taken"


@pytest.mark.parametrize(("base", "semantics"), [(FULL, "v1"), (FULL, "v2"), (TABLE, "v1"), (TABLE, "v2")])
def test_hostile_values_at_any_depth_are_taken_or_refused(base: dict[str, Any], semantics: str) -> None:
    assert outcome(base, semantics) == "taken"
    counts = Counter(outcome(mutated(random.Random(seed), base), semantics) for seed in range(1500))
    assert min(counts["taken"], counts["refused"]) > 100, counts


@settings(max_examples=300, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
), st.sampled_from(places(FULL)[1:]))  # fmt: skip
def test_any_value_at_any_place_is_taken_or_refused(value: Any, place: tuple[Any, ...]) -> None:
    config = copy.deepcopy(FULL)
    parent: Any = config
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    assert outcome(config, "v1") in ("taken", "refused")
