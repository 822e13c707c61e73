"""Migration of V1 configs: every key is reported, every fault is found, and the target is what was asked for."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import bt
import pytest
from bt.migrate import Finding
from v1_configs import GONE, MEAN_REVERSION, SCRIPTED, having, lines, refusal, scripted, v1

ORDER = {"bar": 0, "direction": "long", "type": "market", "entry": None, "sl": 1.0, "tp": 1.2}


def test_v1_defaults_are_written_out_because_those_of_v2_differ() -> None:
    migration = bt.migrate_config(v1())
    parameters = migration.config["strategy_parameters"]
    assert (parameters["window_length"], parameters["ema_length"], parameters["z_score_long"]) == (100, 30, -2.5)
    assert parameters["garch_omega"] is None
    assert parameters["cluster_hysteresis_bars"] == 0
    assert migration.config["trade_management"] == {"enabled": True, "max_holding_minutes": 30}
    assert "default  warmup_bars -> warmup_bars (500)" in migration.report()


@pytest.mark.parametrize(("primary", "window"), [("M1", 200), ("M5", 300), ("M15", 200), ("M30", 240), ("H1", 240)])
def test_the_default_cluster_window_is_that_of_the_primary_timeframe(primary: str, window: int) -> None:
    parameters = bt.migrate_config(having("timeframes.primary", primary)).config["strategy_parameters"]
    assert parameters["intraday_vol_cluster_window"] == window


def test_every_key_of_the_source_has_a_finding() -> None:
    source = v1(
        execution={"random_seed": 7, "spread_multiplier": 2.0},
        rates={"mode": "static", "extra": 1},
        session_filter={"fixed_times": [["08:00", "16:00"]]},
        cooldown_minutes_trade=15,
        nonsense=1,
        cooldown_minuts=3,
        execution_costs_file="costs.yaml",
        reporting={"dev_mode": False, "dev_seed": 3, "folder": "x"},
        timestamp_alignment={"diagnostics": True, "entry_timestamp": "close"},
        slippage={"fixed_pips": 0.1, "fixed": 0.2},
    )
    migration = bt.migrate_config(source)
    actions = {f.key: f.action for f in migration.findings}
    for key in (
        "nonsense", "execution.spread_multiplier", "rates.extra", "reporting.dev_seed", "reporting.folder",
        "timestamp_alignment.diagnostics", "timestamp_alignment.entry_timestamp", "slippage.fixed", "cooldown_minuts",
    ):  # fmt: skip
        assert actions[key] == "dropped", key
    assert (
        actions["cooldown_minutes_trade"] == actions["session_filter"] == actions["execution.random_seed"] == "renamed"
    )
    assert actions["symbol"] == actions["timeframes.primary"] == "mapped"
    assert actions["warmup_bars"] == "default"
    given = set(source) | {"strategy.module", "strategy.class", "strategy.parameters.enabled_scenarios"}
    assert {key for key in given if not lines(migration, key)} == set()
    assert migration.config["sessions"] == [{"start": "08:00", "end": "16:00"}]
    assert migration.environment == {"OMEGA_EXECUTION_COSTS_FILE": "costs.yaml"}
    assert "set      OMEGA_EXECUTION_COSTS_FILE=costs.yaml" in migration.report()
    assert "dropped  nonsense (V1 kept unknown keys and never read them)" in migration.report()
    nearest = (
        "dropped  cooldown_minuts (V1 kept unknown keys and never read them; the nearest known key is cooldown_minutes)"
    )
    assert nearest in migration.report()


def test_the_source_is_not_changed() -> None:
    source = v1(anchored_session_filter={"anchor": "London", "windows": [["-1:00", "+03:00"]]}, slippage={"a": 1})
    before = copy.deepcopy(source)
    bt.migrate_config(source)
    assert source == before


def test_the_target_is_v1s_results_unless_v2s_are_asked_for() -> None:
    default, parity, own = (
        bt.migrate_config(v1()),
        bt.migrate_config(v1(), "v1"),
        bt.migrate_config(v1(), semantics="v2"),
    )
    assert default == parity
    assert (parity.config["execution_variant"], parity.semantics) == ("v1_parity", "v1")
    assert (own.config["execution_variant"], own.semantics) == ("v2", "v2")
    assert own.config | {"execution_variant": "v1_parity"} == parity.config
    error = refusal(v1(), semantics="v3")
    assert (error.code, error.path, error.value, error.allowed) == (1001, "semantics", "v3", "v1, v2")


@pytest.mark.parametrize("semantics", ["v1", "v2"])
def test_a_migrated_config_is_a_valid_one(semantics: Any) -> None:
    for source in (v1(), scripted(ORDER, max_holding_minutes=5)):
        with pytest.raises(bt.BacktestError) as caught:
            bt.run_backtest(bt.migrate_config(source, semantics).config)
        assert caught.value.code == 3001


def test_all_faults_are_found_and_the_error_survives_pickle() -> None:
    source = v1(symbol=3, warmup_bars="many", colour=1)
    source["strategy"]["parameters"] |= {"window_length": None, "ema_length": -1, "garch_beta": []}
    error = refusal(source)
    assert [(i.code, i.path) for i in error.issues] == [
        (1004, "strategy.parameters.window_length"),
        (1006, "strategy.parameters.ema_length"),
        (1004, "strategy.parameters.garch_beta"),
        (1004, "symbol"),
        (1009, "warmup_bars"),
    ]
    first = error.issues[0]
    assert (error.code, error.path, error.key, error.value) == (first.code, first.path, first.path, None)
    assert error.allowed == "a whole number from 1 to 10000000"
    assert "5 faults" in str(error)
    assert '[1009] warmup_bars: is not a number, got "many"; allowed: a whole number from 0 to 1000000' in str(error)
    assert isinstance(error, bt.BtError)
    assert isinstance(error, ValueError)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.issues, again.code) == (type(error), str(error), error.issues, error.code)


def test_a_message_is_short_however_many_faults_there_are() -> None:
    error = refusal(scripted(*[{"bar": "x"}] * 500))
    assert len(error.issues) > 1000
    assert len(str(error).splitlines()) == 42
    assert str(error).endswith(f"and {len(error.issues) - 40} more")


def test_the_other_errors_survive_pickle_too() -> None:
    errors = (
        bt.ConfigError("m", (bt.ConfigIssue(code=1004, path="a", message="m"),)),
        bt.BacktestError(category="config", code=1005, name="N", message="m", details={"row": 1}),
        bt.InternalError("boom", "a.rs:1"),
    )
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    ("strategy", "path", "nearest"),
    [
        ({"module": "other", "class": "Other"}, "strategy", None),
        ({"class": "Other"}, "strategy.module", None),
        ({**MEAN_REVERSION, "class": "MeanReversionZScore"}, "strategy.class", "MeanReversionZScoreStrategy"),
        ({**SCRIPTED, "module": "strategies.scripted_order"}, "strategy.module", "strategies.scripted_orders"),
        ({**SCRIPTED, "class": None}, "strategy.class", None),
        (GONE, "strategy", None),
        (None, "strategy", None),
        ([], "strategy", None),
    ],
)
def test_a_strategy_that_v2_does_not_have_is_named(strategy: Any, path: str, nearest: str | None) -> None:
    error = refusal(having("strategy", strategy))
    assert (error.path, error.issues[0].nearest, len(error.issues)) == (path, nearest, 1)


def test_a_config_of_v2_is_recognised() -> None:
    error = refusal(bt.migrate_config(v1()).config)
    assert "is one of V2 already" in str(error)


@pytest.mark.parametrize(
    ("reporting", "seed", "rng_seed"),
    [
        ({"dev_mode": True, "dev_seed": 11}, GONE, 11),
        ({"dev_mode": True, "dev_seed": "11"}, GONE, 11),
        ({"dev_mode": True, "dev_seed": 11}, None, 11),
        ({"dev_mode": True, "dev_seed": 0}, GONE, 0),
        ({"dev_mode": True, "dev_seed": 11}, 5, 5),
        ({"dev_mode": True, "dev_seed": 11}, 0, 0),
        ({"dev_mode": False, "dev_seed": 11}, GONE, GONE),
        ({"dev_seed": 11}, GONE, GONE),
        ({"dev_mode": True}, GONE, GONE),
        ({}, -5, 5),
        ({}, "42", 42),
        ({}, GONE, GONE),
    ],
)
def test_the_seed_is_that_of_execution_else_of_dev_mode_else_there_is_none(
    reporting: Any, seed: Any, rng_seed: Any
) -> None:
    migration = bt.migrate_config(having("execution.random_seed", seed, v1(reporting=reporting)))
    assert migration.config.get("rng_seed", GONE) == rng_seed
    unseeded = [f for f in migration.findings if f.action == "warning" and f.target == "rng_seed"]
    assert bool(unseeded) == (rng_seed is GONE)
    if unseeded:
        assert "V1 was unseeded" in str(unseeded[0])


ONE = {"session_filter": {"fixed_times": []}}
OTHER = {"anchored_session_filter": {"anchor": "london", "offset_window": [["-01:00", "+03:00"]]}}


@pytest.mark.parametrize(("filters", "named"), [({}, True), (ONE, False), (OTHER, False), ({**ONE, **OTHER}, True)])
def test_what_v1_never_applied_and_v2_would_is_named(filters: dict[str, Any], named: bool) -> None:
    def keys(config: dict[str, Any]) -> list[str]:
        found = bt.migrate_config(config | filters, "v1").findings
        return [f.key for f in found if f.action == "warning" and "ADR 0028" in str(f)]

    holding, edits = "strategy.parameters.max_holding_minutes", "strategy.parameters.edits"
    assert keys(v1()) == ([holding] if named else [])
    edited = scripted(ORDER, edits=[{"bar": 1, "order": 0, "sl": 1.1}], max_holding_minutes=3)
    assert keys(edited) == ([holding, edits] if named else [])
    assert keys(having("strategy.parameters.use_position_manager", False)) == []
    assert keys(having("strategy.parameters.max_holding_minutes", None)) == []
    assert keys(scripted(ORDER)) == []


def test_a_news_calendar_is_named_where_v1_read_one() -> None:
    def calendar(config: dict[str, Any], **how: Any) -> tuple[bool, list[str]]:
        migration = bt.migrate_config(config, **how)
        return migration.config["news_filter"]["enabled"], [f.action for f in migration.findings if "news" in f.key]

    assert calendar(v1()) == (False, ["warning"])
    assert calendar(v1(), news=True) == (True, ["default"])
    assert calendar(scripted(ORDER), news=True) == (False, [])


def test_a_session_filter_of_the_strategy_stands_before_one_at_the_top() -> None:
    source = v1(session_filter={"fixed_times": [["01:00", "02:00"]]})
    source["strategy"]["session_filter"] = {"fixed_times": [["08:00", "16:00"]]}
    migration = bt.migrate_config(source)
    assert migration.config["sessions"] == [{"start": "08:00", "end": "16:00"}]
    assert lines(migration, "session_filter") == ["dropped  session_filter (strategy.session_filter stands before it)"]


def test_both_session_filters_are_written_and_said_to_fail() -> None:
    migration = bt.migrate_config(v1(**ONE, **OTHER))
    assert {"sessions", "anchored_sessions"} <= migration.config.keys()
    found = [f for f in migration.findings if f.action == "V1 refused this"]
    assert [f.key for f in found] == ["anchored_session_filter"]
    assert "error 4000" in str(found[0])


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("strategy.parameters.z_score_long", 0.5, "strategy.parameters.z_score_long"),
        ("strategy.parameters.z_score_short", 0, "strategy.parameters.z_score_short"),
        ("strategy.parameters.htf_filter", "above", "strategy.parameters.htf_filter"),
        ("strategy.parameters.scenario6_timeframes", ["M30"], "strategy.parameters.scenario6_timeframes"),
        ("timestamp_alignment.use_previous_completed_higher_tf", False,
         "timestamp_alignment.use_previous_completed_higher_tf"),
    ],
)  # fmt: skip
def test_what_v2_refuses_under_its_own_semantics_is_refused_for_them_alone(path: str, value: Any, key: str) -> None:
    source = having("strategy.parameters.enabled_scenarios", [1, 6])
    source = having("strategy.parameters.scenario6_timeframes", ["PRIMARY"], source)
    source = having(path, value, source)
    assert bt.migrate_config(source, "v1").config["execution_variant"] == "v1_parity"
    error = refusal(source, semantics="v2")
    assert [i.path for i in error.issues] == [key]
    assert "ADR 0009" in str(error)
    with pytest.raises(bt.ConfigError) as caught:
        bt.run_backtest(bt.migrate_config(source, "v1").config | {"execution_variant": "v2"})
    assert len(caught.value.issues) == 1


def test_levels_on_the_wrong_side_are_refused_for_v2_alone() -> None:
    source = scripted(ORDER, {**ORDER, "direction": "short"}, {**ORDER, "entry": 1.3})
    assert bt.migrate_config(source).config["strategy_parameters"]["orders"][1]["direction"] == "short"
    paths = [i.path for i in refusal(source, semantics="v2").issues]
    assert paths == ["strategy.parameters.orders[1]", "strategy.parameters.orders[2]"]


def test_scenario_6_without_timeframes_is_left_out_for_v2() -> None:
    source = having("strategy.parameters.enabled_scenarios", [])
    migration = bt.migrate_config(source, "v2")
    assert migration.config["strategy_parameters"]["enabled_scenarios"] == [1, 2, 3, 4, 5]
    assert "scenario 6 has no timeframes" in migration.report()
    assert refusal(having("strategy.parameters.enabled_scenarios", [6]), semantics="v2").path.endswith("timeframes")


def test_a_finding_is_one_line_whatever_the_key_holds() -> None:
    migration = bt.migrate_config(v1(**{"a\nb\ud800\x1b[31m": 1, "x" * 9999: 2}))
    assert "dropped  a\\nb\\ud800\\x1b[31m (" in migration.report()
    assert all(len(line) < 400 and line.isprintable() for line in migration.report().splitlines())
    assert str(Finding(key="a", action="mapped", target="b")) == "mapped   a -> b"
