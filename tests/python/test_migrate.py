"""Migration of V1 configs: every key is reported."""

from __future__ import annotations

from typing import Any

import bt
import pytest

from parity.harness.generate.cases import MEAN_REVERSION, SCRIPTED


def v1(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "EURUSD",
        "start_date": "2025-01-07",
        "end_date": "2025-01-08",
        "timeframes": {"primary": "m5", "additional": ["H1"]},
        "strategy": {**MEAN_REVERSION, "parameters": {"enabled_scenarios": [1], "htf_filter": "none"}},
        **changes,
    }


def test_v1_defaults_are_written_out_because_those_of_v2_differ() -> None:
    config = bt.migrate_config(v1()).config
    parameters = config["strategy_parameters"]
    assert (parameters["window_length"], parameters["ema_length"], parameters["z_score_long"]) == (
        100,
        30,
        -2.5,
    )
    assert config["trade_management"] == {"enabled": True, "max_holding_minutes": 30}
    assert config["timeframes"] == {"primary": "M5", "additional": ["H1"]}
    assert "rng_seed" not in config


def test_every_key_of_the_source_has_a_finding() -> None:
    source = v1(
        execution={"random_seed": 7, "spread_multiplier": 2.0},
        rates={"mode": "static"},
        session_filter={"fixed_times": [["08:00", "16:00"]]},
        anchored_session_filter={"anchor": "London", "windows": [["-01:30", "+03:00"]]},
        cooldown_minutes_trade=15,
        nonsense=1,
        execution_costs_file="costs.yaml",
    )
    migration = bt.migrate_config(source)
    actions = {f.key: f.action for f in migration.findings}
    assert actions["nonsense"] == actions["execution.spread_multiplier"] == actions["rates"] == "dropped"
    assert actions["cooldown_minutes_trade"] == actions["session_filter"] == "renamed"
    assert actions["warmup_bars"] == "default"
    assert migration.config["sessions"] == [{"start": "08:00", "end": "16:00"}]
    windows = [{"start_offset_minutes": -90, "end_offset_minutes": 180}]
    assert migration.config["anchored_sessions"] == {"anchor": "london", "windows": windows}
    assert migration.config["rng_seed"] == 7
    assert migration.environment == {"OMEGA_EXECUTION_COSTS_FILE": "costs.yaml"}
    assert "dropped  nonsense (V1 kept unknown keys and never read them)" in migration.report()


def test_scenario_5_and_6_parameters_are_written_out_with_v1s_defaults() -> None:
    link = {"M15": {"long": {"z_score": -0.3}}}
    given = {"scenario6_timeframes": ["m15"], "scenario6_params": link, "scenario6_M15_short_std_factor": 0.5}
    parameters = bt.migrate_config(v1(strategy={**MEAN_REVERSION, "parameters": given})).config["strategy_parameters"]
    assert parameters["intraday_vol_cluster_window"] == 300
    assert parameters["cluster_hysteresis_bars"] == 0
    assert parameters["garch_omega"] is None
    assert parameters["scenario6_timeframes"] == ["M15"]
    assert parameters["scenario6_params"] == link
    assert parameters["scenario6_M15_short_std_factor"] == 0.5


def test_the_source_is_not_changed() -> None:
    source = v1(execution={"random_seed": 7})
    before = repr(source)
    bt.migrate_config(source)
    assert repr(source) == before


def test_an_empty_scenario_list_means_all_six_as_it_did_in_v1() -> None:
    parameters = {"enabled_scenarios": []}
    config = bt.migrate_config(v1(strategy={**MEAN_REVERSION, "parameters": parameters})).config
    assert config["strategy_parameters"]["enabled_scenarios"] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"strategy": {"module": "other", "class": "Other"}}, "strategy"),
        ({"strategy": {"class": "Other"}}, "strategy.module"),
        ({"symbol": None}, "symbol"),
        (
            {"strategy": {**MEAN_REVERSION, "parameters": {"direction_filter": "up"}}},
            "strategy.parameters.direction_filter",
        ),
        ({"execution": 3}, "execution"),
    ],
)
def test_what_cannot_be_expressed_is_an_error_that_names_the_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(bt.MigrationError) as caught:
        bt.migrate_config(v1(**change))
    assert caught.value.key == key
    assert isinstance(caught.value, ValueError)


def test_a_migrated_config_is_a_valid_one() -> None:
    scripted = {**SCRIPTED, "parameters": {"orders": [], "max_holding_minutes": 5}}
    for source in (v1(), v1(strategy=scripted)):
        migrated = {**bt.migrate_config(source).config, "execution_variant": "v1_parity"}
        with pytest.raises(bt.BacktestError) as caught:
            bt.run_backtest(migrated)
        assert caught.value.code == 3001
