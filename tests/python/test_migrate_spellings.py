"""Every spelling of the specification's table (3.1), both columns: what V1 took, and what it refused.

A row is one spelling: where it stands, what V2 gets, and how the report puts it. What V1 refused is either taken where
its meaning is beyond doubt, which the report says, or ends in an error with code and path. Long because it is a table.
"""

from __future__ import annotations

from typing import Any

import bt
import pytest
from v1_configs import GONE, at, having, lines, refusal, v1

P, S6 = "strategy.parameters.", "strategy.parameters.scenario6_"
T = "strategy_parameters."
SESSIONS, ANCHORED = "session_filter.fixed_times", "anchored_session_filter"
EIGHT = {"start": "08:00", "end": "16:00"}


def windows(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"start_offset_minutes": a, "end_offset_minutes": b} for a, b in pairs]


LONDON = {"anchor": "london", "windows": windows((-60, 180))}
TOKYO = {"anchor": "tokyo", "windows": windows((0, 90))}
ALL = [1, 2, 3, 4, 5, 6]
#: How lines of the report begin.
N, NT, RT = "normalised PATH", "normalised PATH -> TARGET (from", "renamed  PATH -> TARGET"
RS = "renamed  session_filter -> sessions"

#: (id, V1 path, its value, V2 path, its value, how the line of the report begins). V1 took all of these.
TAKEN: list[tuple[str, str, Any, str, Any, str]] = [
    ("text-for-a-float", P + "std_factor", "1.6", T + "std_factor", 1.6, f'{NT} "1.6" to 1.6)'),
    ("text-with-exponent", P + "kalman_r", "1e-2", T + "kalman_r", 0.01, f'{NT} "1e-2" to 0.01)'),
    ("text-with-blanks", P + "std_factor", " 1.6\n", T + "std_factor", 1.6, NT),
    ("text-in-other-digits", P + "ema_length", "６0", T + "ema_length", 60, NT),
    ("text-for-a-whole-number", P + "window_length", "60", T + "window_length", 60, NT),
    ("fraction-cut", P + "window_length", 60.7, T + "window_length", 60,
     f"{NT} 60.7 to 60; V1 cut the fraction off)"),
    ("float-for-a-whole-number", P + "window_length", 60.0, T + "window_length", 60,
     f"{NT} 60.0 to 60)"),
    ("text-for-a-rate", "rates_static.EURUSD", "1.085", "rates.EURUSD", 1.085, "normalised PATH -> rates (from"),
    ("text-for-slippage", "slippage.fixed_pips", "0.2", "costs.slippage.fixed_pips", 0.2, NT),
    ("text-for-random-slippage", "slippage.random_pips", "0.3", "costs.slippage.random_pips", 0.3, N),
    ("text-for-a-fee-multiplier", "execution.fee_multiplier", "1.5", "costs.fee_multiplier", 1.5, N),
    ("text-for-a-slippage-multiplier", "execution.slippage_multiplier", "0.5", "costs.slippage_multiplier", 0.5,
     NT),
    ("text-for-a-seed", "execution.random_seed", "42", "rng_seed", 42, f'{NT} "42" to 42)'),
    ("direction-long-in-capitals", P + "direction_filter", "LONG", T + "direction_filter", "long", N),
    ("direction-short-capitalised", P + "direction_filter", "Short", T + "direction_filter", "short", N),
    ("direction-both", P + "direction_filter", "both", T + "direction_filter", "both", "mapped   PATH -> TARGET"),
    ("direction-unknown", P + "direction_filter", "up", T + "direction_filter", "both",
     f'{NT} "up" to "both"; V1 traded both directions with it)'),
    ("direction-with-a-blank", P + "direction_filter", " long", T + "direction_filter", "both", N),
    ("direction-null", P + "direction_filter", None, T + "direction_filter", "both", NT),
    ("direction-list", P + "direction_filter", ["long"], T + "direction_filter", "both", N),
    ("direction-number", P + "direction_filter", 1, T + "direction_filter", "both", N),
    ("scenarios-as-texts", P + "enabled_scenarios", ["1", "2"], T + "enabled_scenarios", [1, 2], "normalised PATH[0]"),
    ("scenarios-in-a-text", P + "enabled_scenarios", "1,2", T + "enabled_scenarios", [1, 2],
     f'{NT} "1,2" to [1, 2])'),
    ("scenarios-a-number", P + "enabled_scenarios", 2, T + "enabled_scenarios", ALL,
     f"{NT} 2 to [1, 2, 3, 4, 5, 6]; V1 enabled all six)"),
    ("scenarios-zero", P + "enabled_scenarios", 0, T + "enabled_scenarios", ALL, N),
    ("scenarios-empty-list", P + "enabled_scenarios", [], T + "enabled_scenarios", ALL, N),
    ("scenarios-empty-text", P + "enabled_scenarios", "", T + "enabled_scenarios", ALL, N),
    ("scenarios-null", P + "enabled_scenarios", None, T + "enabled_scenarios", ALL, N),
    ("scenarios-absent", P + "enabled_scenarios", GONE, T + "enabled_scenarios", ALL, "default  PATH -> TARGET"),
    ("scenarios-twice", P + "enabled_scenarios", [2, 1, 2], T + "enabled_scenarios", [1, 2], "mapped   PATH -> TARGET"),
    ("scenarios-some-unknown", P + "enabled_scenarios", [1, 9], T + "enabled_scenarios", [1], N),
    ("scenarios-none-known", P + "enabled_scenarios", [0, 7], T + "enabled_scenarios", ALL, N),
    ("session", SESSIONS, [["08:00", "16:00"]], "sessions", [EIGHT], RS),
    ("session-with-seconds", SESSIONS, [["07:00:00", "16:00:30"]], "sessions",
     [{"start": "07:00:00", "end": "16:00:30"}], RS),
    ("session-over-midnight", SESSIONS, [["22:00", "02:00"]], "sessions", [{"start": "22:00", "end": "02:00"}], RS),
    ("session-empty-list", SESSIONS, [], "sessions", [], RS),
    ("session-null-list", SESSIONS, None, "sessions", [], "normalised PATH -> sessions (from null to []; always open)"),
    ("session-null", "session_filter", None, "sessions", GONE, "normalised PATH -> sessions (from null"),
    ("session-empty", "session_filter", {}, "sessions", GONE, "normalised PATH -> sessions (from {}"),
    ("session-names", SESSIONS, ["london", "new_york"], "sessions", [], N),
    ("session-pair-of-names", SESSIONS, [["london", "tokyo"]], "sessions", [], N),
    ("session-other-key", "session_filter", {"sessions": ["london"]}, "sessions", [], "dropped  PATH.sessions ("),
    ("session-of-the-strategy", "strategy.session_filter", {"fixed_times": [["08:00", "16:00"]]}, "sessions", [EIGHT],
     "renamed  PATH -> sessions"),
    ("offsets", ANCHORED, {"anchor": "london", "offset_window": [["-01:00", "+03:00"]]}, "anchored_sessions", LONDON,
     RT),
    ("offsets-without-leading-zero", ANCHORED, {"anchor": "london", "offset_window": [["-1:00", "3:00"]]},
     "anchored_sessions", LONDON, RT),
    ("offsets-several", ANCHORED, {"anchor": "london", "offset_window": [["-01:00", "+03:00"], ["-00:30", "+24:00"]]},
     "anchored_sessions", {"anchor": "london", "windows": windows((-60, 180), (-30, 1440))}, RT),
    ("anchors-one", ANCHORED, {"windows": [{"anchor": "london", "offset_window": [["-01:00", "+03:00"]]}]},
     "anchored_sessions", LONDON, RT),
    ("anchors-two", ANCHORED,
     {"windows": [{"anchor": "london", "offset_window": [["-1:00", "+3:00"]]},
                  {"anchor": "tokyo", "offset_window": [["00:00", "+01:30"]]}]},
     "anchored_sessions", [LONDON, TOKYO], RT),
    ("anchors-one-twice", ANCHORED,
     {"windows": [{"anchor": "london", "offset_window": [["-1:00", "+3:00"]]},
                  {"anchor": "london", "offset_window": [["04:00", "05:00"]]}]},
     "anchored_sessions", {"anchor": "london", "windows": windows((-60, 180), (240, 300))}, RT),
    ("anchor-null", ANCHORED, None, "anchored_sessions", GONE, NT),
    ("anchored-of-the-strategy", "strategy." + ANCHORED,
     {"anchor": "london", "offset_window": [["-01:00", "+03:00"]]}, "anchored_sessions", LONDON, RT),
    ("entry-mode-in-capitals", "timestamp_alignment.entry_timestamp_mode", "CLOSE",
     "timestamp_alignment.entry_timestamp_mode", "close", f'{NT} "CLOSE" to "close")'),
    ("duplicate-timeframes", "timeframes.additional", ["H1", "D1", "H1"], "timeframes.additional", ["H1", "D1"],
     NT),
    ("additional-in-lower-case", "timeframes.additional", ["h1"], "timeframes.additional", ["H1"], f"{N}[0]"),
    ("negative-cooldown-bars", "cooldown_candles", -3, "cooldown.candles", 0, f"{NT} -3 to 0"),
    ("negative-cooldown-minutes", "cooldown_minutes", -1, "cooldown.minutes_after_entry", 0, N),
    ("negative-cooldown-after-exit", "cooldown_minutes_trade", -1, "cooldown.minutes_after_exit", 0, N),
    ("negative-fee-multiplier", "execution.fee_multiplier", -2, "costs.fee_multiplier", 0, N),
    ("negative-stale-limit", "timestamp_alignment.stale_bar_limit_bars", -1,
     "timestamp_alignment.stale_bar_limit_bars", 0, N),
    ("dev-seed", "reporting", {"dev_mode": True, "dev_seed": 11}, "rng_seed", 7, "dropped  PATH.dev_seed (execution"),
    ("module-without-prefix", "strategy.module", "mean_reversion_z_score.backtest.backtest_strategy", "strategy_name",
     "mean_reversion_z_score", NT),
    ("cost-file", "execution_costs_file", "no/such/costs.yaml", "rng_seed", 7,
     "renamed  PATH -> environment OMEGA_EXECUTION_COSTS_FILE"),
    ("empty-rates", "rates_static", {}, "rates", {}, "renamed  PATH -> rates"),
    ("manager-without-limit", P + "max_holding_minutes", None, "trade_management.max_holding_minutes", None,
     "mapped   PATH -> TARGET"),
    ("omega-automatic", P + "garch_omega", None, T + "garch_omega", None, "mapped   PATH -> TARGET"),
    ("filter-null", P + "htf_filter", None, T + "htf_filter", "none", NT),
    ("filter-timeframe-null", P + "htf_tf", None, T + "htf_tf", "NONE", NT),
    ("lookback-below-0", P + "intraday_vol_garch_lookback", -5, T + "intraday_vol_garch_lookback", 0, N),
    ("close-labels", "timestamp_alignment.higher_tf_timestamps_mode", {"D1": "close"},
     "timestamp_alignment.higher_tf_timestamps_mode", {"D1": "close"}, "mapped   PATH -> TARGET"),
    ("regimes-in-capitals", P + "intraday_vol_allowed", ["LOW", "Mid"], T + "intraday_vol_allowed", ["low", "mid"], NT),
    ("regimes-unknown", P + "intraday_vol_allowed", ["low", "extrem"], T + "intraday_vol_allowed", ["low"],
     "dropped  PATH[1] (no regime has this name; the nearest is extreme)"),
    ("chain-primary", S6 + "timeframes", ["primary", "m5", "H1"], T + "scenario6_timeframes", ["M5", "H1"],
     NT),
    ("chain-null", S6 + "timeframes", None, T + "scenario6_timeframes", [], NT),
]  # fmt: skip

#: V1 refused these; what they mean is beyond doubt.
REFUSED_AND_TAKEN: list[tuple[str, str, Any, str, Any]] = [
    ("text-warmup", "warmup_bars", "500", "warmup_bars", 500),
    ("text-balance", "initial_balance", "20000.5", "account.initial_balance", 20000.5),
    ("text-risk", "risk_per_trade", "50", "account.risk_per_trade", 50.0),
    ("text-cooldown-bars", "cooldown_candles", "3", "cooldown.candles", 3),
    ("text-cooldown-minutes", "cooldown_minutes", "15", "cooldown.minutes_after_entry", 15.0),
    ("text-cooldown-after-exit", "cooldown_minutes_trade", "15", "cooldown.minutes_after_exit", 15.0),
    ("text-float-for-a-whole-number", P + "window_length", "60.0", T + "window_length", 60),
    ("additional-absent", "timeframes.additional", GONE, "timeframes.additional", []),
    ("primary-in-lower-case", "timeframes.primary", "m15", "timeframes.primary", "M15"),
    ("time-of-one-digit", SESSIONS, [["7:00", "16:00"]], "sessions", [{"start": "07:00", "end": "16:00"}]),
    ("bare-pair", ANCHORED, {"anchor": "london", "offset_window": ["-01:00", "+03:00"]}, "anchored_sessions", LONDON),
    ("pairs-under-windows", ANCHORED, {"anchor": "london", "windows": [["-01:00", "+03:00"]]}, "anchored_sessions",
     LONDON),
    ("anchor-in-another-case", ANCHORED, {"anchor": "London", "offset_window": [["-01:00", "+03:00"]]},
     "anchored_sessions", LONDON),
    ("date-with-midnight", "start_date", "2025-01-07T00:00:00", "start_date", "2025-01-07"),
    ("date-with-midnight-utc", "start_date", "2025-01-07 00:00:00+00:00", "start_date", "2025-01-07"),
    ("date-without-leading-zeros", "end_date", "2025-1-8", "end_date", "2025-01-08"),
    ("symbol-in-lower-case", "symbol", "eurusd", "symbol", "EURUSD"),
    ("currency-in-lower-case", "account_currency", "usd", "account.account_currency", "USD"),
    ("close-labels-null", "timestamp_alignment.higher_tf_timestamps_mode", None,
     "timestamp_alignment.higher_tf_timestamps_mode", GONE),
    ("stale-limit-null", "timestamp_alignment.stale_bar_limit_bars", None,
     "timestamp_alignment.stale_bar_limit_bars", 0),
    ("fraction-of-a-minute", "cooldown_minutes", 2.5, "cooldown.minutes_after_entry", 2.5),
    ("null-for-a-section", "reporting", None, "rng_seed", 7),
    ("null-for-parameters", P[:-1], None, T + "window_length", 100),
    ("rates-mode-in-another-case", "rates.mode", "Static", "rates.EURUSD", 1.1),
]  # fmt: skip

#: V1 refused these, and so does the migration: (id, path, value, code, path of the fault).
REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("null-for-a-whole-number", P + "window_length", None, 1004, P + "window_length"),
    ("null-for-another-whole-number", P + "garch_min_periods", None, 1004, P + "garch_min_periods"),
    ("null-for-a-float", P + "atr_mult", None, 1004, P + "atr_mult"),
    ("text-with-a-fraction", P + "window_length", "60.7", 1006, P + "window_length"),
    ("null-for-a-multiplier", "execution.fee_multiplier", None, 1004, "execution.fee_multiplier"),
    ("null-for-the-other-multiplier", "execution.slippage_multiplier", None, 1004, "execution.slippage_multiplier"),
    ("null-additional", "timeframes.additional", None, 1004, "timeframes.additional"),
    ("null-rates", "rates_static", None, 1004, "rates_static"),
    ("null-slippage", "slippage", None, 1004, "slippage"),
    ("null-cooldown-bars", "cooldown_candles", None, 1004, "cooldown_candles"),
    ("null-cooldown-minutes", "cooldown_minutes", None, 1004, "cooldown_minutes"),
    ("null-cooldown-after-exit", "cooldown_minutes_trade", None, 1004, "cooldown_minutes_trade"),
    ("timeframes-absent", "timeframes", GONE, 1008, "timeframes"),
    ("timeframes-null", "timeframes", None, 1004, "timeframes"),
    ("midnight-as-24", SESSIONS, [["08:00", "24:00"]], 1006, SESSIONS + "[0][1]"),
    ("no-minutes", SESSIONS, [["8", "16:00"]], 1009, SESSIONS + "[0][0]"),
    ("names-and-times", SESSIONS, [["08:00", "london"]], 1009, SESSIONS + "[0][1]"),
    ("name-without-a-list", SESSIONS, "london", 1004, SESSIONS),
    ("flat-pair", SESSIONS, ["08:00"], 1004, SESSIONS + "[0]"),
    ("date-with-a-time", "start_date", "2025-01-07T08:00:00", 1009, "start_date"),
    ("date-with-another-zone", "start_date", "2025-01-07T00:00:00+02:00", 1009, "start_date"),
    ("dates-in-the-wrong-order", "end_date", "2025-01-06", 1006, "end_date"),
    ("date-that-is-none", "end_date", "2025-02-30", 1009, "end_date"),
    ("date-of-another-form", "end_date", "08.01.2025", 1009, "end_date"),
    ("rates-from-bars", "rates.mode", "timeseries", 4001, "rates.mode"),
    ("rates-from-bars-in-capitals", "rates.mode", "TIMESERIES", 4001, "rates.mode"),
    ("rates-absent", "rates_static", GONE, 4001, "rates_static"),
    ("ticks", "mode", "tick", 4001, "mode"),
]


def begins(line: str, expected: str, path: str, target: str) -> bool:
    return line.startswith(expected.replace("PATH", path).replace("TARGET", target))


@pytest.mark.parametrize("row", TAKEN, ids=[row[0] for row in TAKEN])
def test_what_v1_took_is_taken_and_reported(row: tuple[str, str, Any, str, Any, str]) -> None:
    _, path, value, target, expected, line = row
    migration = bt.migrate_config(having(path, value))
    found = at(migration.config, target)
    assert (found, type(found)) == (expected, type(expected))
    report = migration.report().splitlines()
    assert any(begins(one, line, path, target) for one in report), lines(migration, path)
    assert all(f.action != "V1 refused this" for f in migration.findings)


@pytest.mark.parametrize("row", REFUSED_AND_TAKEN, ids=[row[0] for row in REFUSED_AND_TAKEN])
def test_what_v1_refused_is_taken_where_it_is_clear_and_the_report_says_so(row: tuple[str, str, Any, str, Any]) -> None:
    _, path, value, target, expected = row
    migration = bt.migrate_config(having(path, value))
    found = at(migration.config, target)
    assert (found, type(found)) == (expected, type(expected))
    said = [one for one in migration.report().splitlines() if one.startswith(f"V1 refused this {path}")]
    assert len(said) == 1, migration.report()
    assert sum(f.action == "V1 refused this" for f in migration.findings) == 1


@pytest.mark.parametrize("row", REFUSED, ids=[row[0] for row in REFUSED])
def test_what_v1_refused_and_is_not_clear_is_an_error(row: tuple[str, str, Any, int, str]) -> None:
    _, path, value, code, where = row
    error = refusal(having(path, value))
    assert [(i.code, i.path) for i in error.issues] == [(code, where)]
    assert error.allowed


def test_rates_from_bars_are_named_unless_the_mode_is_static() -> None:
    without = having("rates_static", GONE)
    for config in (without, having("rates", None, without), having("rates", {}, without)):
        assert "rates from bars (rates.mode timeseries)" in str(refusal(config))
    migration = bt.migrate_config(having("rates.mode", "static", without))
    assert migration.config["rates"] == {}
    assert lines(migration, "rates_static")[0].startswith("default  rates_static -> rates ({}")


def test_pairs_that_v1_never_looked_up_are_dropped_by_name() -> None:
    migration = bt.migrate_config(v1(rates_static={"EURUSD": 1.1, "EUR/JPY": 160.0, "US500": 1.0}))
    assert migration.config["rates"] == {"EURUSD": 1.1}
    dropped = [f.key for f in migration.findings if f.action == "dropped"]
    assert dropped == ["rates_static.EUR/JPY", "rates_static.US500"]


def chain(**parameters: Any) -> tuple[dict[str, Any], bt.Migration]:
    """What becomes of parameters of scenario 6 on an M5 chart, with M5 and H1 in the chain."""
    source = v1()
    source["strategy"]["parameters"] |= {"scenario6_timeframes": ["M5", "H1"], **parameters}
    migration = bt.migrate_config(source)
    return migration.config["strategy_parameters"]["scenario6_params"], migration


def test_a_dict_without_sides_holds_for_both() -> None:
    assert chain(scenario6_params={"H1": {"window_length": "5", "z_score": -1}})[0] == {
        "H1": {side: {"window_length": 5, "z_score": -1} for side in ("long", "short")}
    }


def test_a_block_of_a_side_stands_alone_and_the_other_side_keeps_the_dict() -> None:
    found, _ = chain(scenario6_params={"h1": {"std_factor": 0.3, "b_b_length": 3.9, "long": {"window_length": 2}}})
    assert found == {"H1": {"long": {"window_length": 2}, "short": {"b_b_length": 3, "std_factor": 0.3}}}


def test_an_empty_block_overrides_nothing_whatever_stands_beside_it() -> None:
    written, migration = chain(scenario6_params={"H1": {"std_factor": 1, "long": {}}})
    assert written == {"H1": {"long": {}, "short": {"std_factor": 1}}}
    assert any(
        line.startswith(f"dropped  {S6}params.H1.long (an empty block") for line in lines(migration, S6 + "params")
    )


def test_a_window_of_clusters_of_null_is_what_v1_refused() -> None:
    source = v1()
    source["strategy"]["parameters"]["intraday_vol_cluster_window"] = None
    assert any(
        "V1 refused this" in line
        for line in bt.migrate_config(source).report().splitlines()
        if "cluster_window" in line
    )


def test_what_stands_beside_two_blocks_is_dropped() -> None:
    sides = {"long": {"kalman_r": 1}, "short": {"kalman_q": 0}}
    found, migration = chain(scenario6_params={"H1": {"std_factor": 0.3, **sides}})
    assert found == {"H1": sides}
    assert any(
        line.startswith(f"dropped  {S6}params.H1 (what stands beside") for line in lines(migration, S6 + "params")
    )


@pytest.mark.parametrize("name", ["PRIMARY", "primary", "M5", "m5"])
def test_primary_is_the_primary_timeframe_in_the_dict_and_in_flat_keys(name: str) -> None:
    assert chain(scenario6_params={name: {"long": {"z_score": -1}}})[0] == {
        "M5": {"long": {"z_score": -1}, "short": {}}
    }
    found, migration = chain(**{f"Scenario6_{name}_LONG_Std_Factor": "0.1"})
    assert found == {"M5": {"long": {"std_factor": 0.1}, "short": {}}}
    assert f"renamed  {P}Scenario6_{name}_LONG_Std_Factor" in migration.report()


def test_a_flat_key_makes_a_block_which_then_stands_alone() -> None:
    found, _ = chain(scenario6_params={"H1": {"std_factor": 0.3}}, scenario6_H1_long_window_length=4)
    assert found == {"H1": {"long": {"window_length": 4}, "short": {"std_factor": 0.3}}}
    found, _ = chain(scenario6_params={"H1": {"long": {"window_length": 2}}}, scenario6_H1_long_window_length=4)
    assert found == {"H1": {"long": {"window_length": 4}, "short": {}}}


def test_links_that_v1_never_read_are_dropped_by_name() -> None:
    _, migration = chain(
        scenario6_params={"D1": {"std_factor": 1}, "H1": {"ema_length": 3, "std_facto": 2}, "PRIMARY": {}, "M5": {}},
        scenario6_M30_long_std_factor=1,
        scenario6_H1_up_std_factor=1,
    )
    dropped = {f.key: f.reason for f in migration.findings if f.action == "dropped"}
    assert dropped.keys() == {
        f"{S6}params.D1", f"{S6}params.H1.ema_length", f"{S6}params.H1.std_facto", f"{S6}params.PRIMARY",
        f"{S6}M30_long_std_factor", f"{S6}H1_up_std_factor",
    }  # fmt: skip
    assert "nearest known key is std_factor" in str(dropped[f"{S6}params.H1.std_facto"])


@pytest.mark.parametrize(
    ("parameters", "code", "path"),
    [
        ({"scenario6_params": []}, 1004, "params"),
        ({"scenario6_params": {"H1": 3}}, 1004, "params.H1"),
        ({"scenario6_params": {"H1": {"long": None}}}, 1004, "params.H1.long"),
        ({"scenario6_params": {"H1": {"long": {"z_score": None}}}}, 1004, "params.H1.long.z_score"),
        ({"scenario6_params": {"H1": {"b_b_length": 0}}}, 1006, "params.H1.b_b_length"),
        ({"scenario6_params": {"H2": {}}}, 1001, "params.H2"),
        ({"scenario6_params": {"H1": {"z_score": -1, "z_score_long": -2}}}, 1006, "params.H1"),
        ({"scenario6_timeframes": "H1"}, 1004, "timeframes"),
        ({"scenario6_timeframes": ["H1", "H2"]}, 1001, "timeframes[1]"),
        ({"scenario6_mode": "some"}, 1001, "mode"),
        ({"scenario6_H1_long_z_scor": 1}, 1001, "H1_long_z_scor"),
        ({"scenario6_H1_long_z_score": "x"}, 1009, "H1_long_z_score"),
    ],
)
def test_a_chain_that_is_not_understood_is_an_error(parameters: dict[str, Any], code: int, path: str) -> None:
    source = v1()
    source["strategy"]["parameters"] |= {"scenario6_timeframes": ["M5", "H1"], **parameters}
    error = refusal(source)
    assert {(i.code, i.path) for i in error.issues} == {(code, S6 + path)}


def findings(source: dict[str, Any], key: str) -> list[tuple[str, str]]:
    return [(f.action, f.reason or "") for f in bt.migrate_config(source).findings if f.key == key]


@pytest.mark.parametrize("key", ["execution_costs_file", "symbol_specs_file"])
@pytest.mark.parametrize("named", [None, "config/some.yaml"])
def test_files_that_may_change_money_are_warnings(key: str, named: str | None) -> None:
    source = v1() | ({key: named} if named else {})
    source.pop(key, None) if named is None else None
    warned = [reason for action, reason in findings(source, key) if action == "warning"]
    assert len(warned) == 1
    assert "built in" in warned[0]


def test_a_pair_in_lower_case_is_the_pair_and_two_rates_of_one_pair_are_refused() -> None:
    source = v1() | {"rates_static": {"eurusd": 1.37, "UsdJpy": "150"}}
    assert bt.migrate_config(source).config["rates"] == {"EURUSD": 1.37, "USDJPY": 150.0}
    assert ("normalised", "") in findings(source, "rates_static.eurusd")
    assert bt.migrate_config(v1() | {"rates_static": {"EURUSD": 1.1, "eurusd": 1.1}}).config["rates"] == {"EURUSD": 1.1}
    with pytest.raises(bt.MigrationError) as caught:
        bt.migrate_config(v1() | {"rates_static": {"EURUSD": 1.1, "eurusd": 1.37}})
    assert [(i.code, i.path) for i in caught.value.issues] == [(1006, "rates_static.eurusd")]


@pytest.mark.parametrize("key", ["session_filter", "anchored_session_filter"])
@pytest.mark.parametrize("empty", [None, [], {}])
def test_an_empty_filter_is_none(key: str, empty: Any) -> None:
    source = v1()
    source.pop("session_filter", None), source.pop("anchored_session_filter", None)
    config = bt.migrate_config(source | {key: empty}).config
    assert config.get("sessions") is None
    assert config.get("anchored_sessions") is None


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("session_filter",), {"fixed_times": [["7:00", "8:00"]] * 1001}),
        (("anchored_session_filter",), {"windows": [{"anchor": "x"}] * 1001}),
        (("timeframes", "additional"), [f"H{n}" for n in range(1001)]),
        (("strategy", "parameters", "intraday_vol_allowed"), [f"lov{n}" for n in range(1001)]),
        (("strategy", "parameters", "enabled_scenarios"), ["x"] * 1001),
        (("strategy", "parameters", "scenario6_timeframes"), ["M"] * 1001),
        (("strategy", "parameters"), {f"scenario6_M{n}_long_z_score": 1 for n in range(1001)}),
    ],
    ids=lambda x: x[-1] if isinstance(x, tuple) else None,
)
def test_a_list_or_mapping_out_of_all_proportion_is_one_fault(where: tuple[str, ...], value: Any) -> None:
    source = v1()
    source.pop("session_filter", None), source.pop("anchored_session_filter", None)
    inner = source
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(bt.MigrationError) as caught:
        bt.migrate_config(source)
    [issue] = [i for i in caught.value.issues if i.code == 6004]
    assert issue.path.startswith(".".join(where))
    assert len(caught.value.issues) < 5
