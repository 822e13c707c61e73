"""V1 takes and refuses the spellings of spec 3.1 as the legacy engine did, each with that engine's meaning.

Two spellings mean the same when V1's whole outcome, events included, is the same on one market.
"""

from __future__ import annotations

import copy
import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from backtest_engine.config import TimestampAlignment
from backtest_engine.runner import Environment, run_backtest
from shared.exceptions import code_of

from parity.harness.engines.v1_process import worker
from parity.harness.model.files import write_candles

SPECS = {
    "EURUSD": {
        "contract_size": 100000, "tick_size": 1e-05, "tick_value": 1.0, "pip_size": 0.0001, "base_currency": "EUR",
        "quote_currency": "USD",
    }
}  # fmt: skip
COSTS = {"defaults": {"schema": "per_lot", "per_lot": 2.5, "slippage": {"fixed_pips": 0.1, "random_pips": 0.4}}}
PARAMETERS = {
    "enabled_scenarios": [1, 2], "window_length": 12, "ema_length": 10, "b_b_length": 8, "atr_length": 5, "atr_mult": 1.5,
    "z_score_long": -1.2, "z_score_short": 1.2, "kalman_r": 0.5, "kalman_q": 0.05, "std_factor": 1.0,
    "direction_filter": "both", "htf_filter": "none", "extra_htf_filter": "none", "max_holding_minutes": 60,
}  # fmt: skip
MODULE = "strategies.mean_reversion_z_score.backtest.backtest_strategy"
BASE: dict[str, Any] = {
    "start_date": "2025-01-07",
    "end_date": "2025-01-09",
    "symbol": "EURUSD",
    "timeframes": {"primary": "M5", "additional": ["H1"]},
    "warmup_bars": 60,
    "initial_balance": 10000.0,
    "risk_per_trade": 100.0,
    "account_currency": "EUR",
    "rates": {"mode": "static"},
    "rates_static": {"EURUSD": 1.1},
    "execution": {"random_seed": 7, "fee_multiplier": 1.5, "slippage_multiplier": 1.5},
    "slippage": {"fixed_pips": 0.2, "random_pips": 0.6},
    "strategy": {"module": MODULE, "class": "MeanReversionZScoreStrategy", "parameters": PARAMETERS},
    "timestamp_alignment": {"entry_timestamp_mode": "close"},
    "cooldown_candles": 3,
}
ABSENT = object()


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of M5 and H1 candles, an empty news calendar, costs and specs."""
    root = tmp_path_factory.mktemp("spellings")
    numbers = np.random.default_rng(5)
    first = 1_736_121_600_000_000_000  # 2025-01-06 00:00
    for timeframe, minutes in (("M5", 5), ("H1", 60)):
        n = 3 * 1440 // minutes
        close = np.round(1.1 + np.cumsum(numbers.normal(0, 2e-4, n)), 5)
        opened = np.concatenate([[1.1], close[:-1]])
        high, low = np.maximum(opened, close) + 1e-4, np.minimum(opened, close) - 1e-4
        ts = first + np.arange(n) * minutes * 60_000_000_000
        for side, shift in (("BID", 0.0), ("ASK", 1e-4)):
            columns = [np.round(x + shift, 5) for x in (opened, high, low, close)]
            path = root / "data" / "EURUSD" / f"EURUSD_{timeframe}_{side}.parquet"
            write_candles(path, [ts, *columns, np.ones(n)])
    (root / "costs.yaml").write_text(yaml.safe_dump(COSTS), encoding="utf-8")
    (root / "specs.yaml").write_text(yaml.safe_dump(SPECS), encoding="utf-8")
    with (root / "news.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerow(["Start", "Currency"])
    return root


def changed(path: str, value: Any, base: dict[str, Any] = BASE) -> dict[str, Any]:
    """The base config with the value at a path of dots; ABSENT deletes the key."""
    out = copy.deepcopy(base)
    *above, last = path.split(".")
    target = out
    for key in above:
        target = target.setdefault(key, {})
    if value is ABSENT:
        del target[last]
    else:
        target[last] = value
    return out


def run(config: Any, root: Path, **files: Path | None) -> str:
    """The outcome of a config as text, events included; the seed of Python's generator does not leak in."""
    random.seed(99)
    known = {"costs_file": root / "costs.yaml", "specs_file": root / "specs.yaml"}
    env = Environment(data_root=root / "data", news_file=root / "news.csv", base_dir=root, **{**known, **files})
    result = run_backtest(config, env, trace_events=True)
    assert result.bars_tested > 100
    return json.dumps(worker._outcome(result, events=True))


def parameter(name: str) -> str:
    return f"strategy.parameters.{name}"


FIRST = {"anchor": "london", "offset_window": [["-02:00", "+03:00"]]}
SECOND = {"anchor": "new_york", "offset_window": [["+00:00", "+02:00"]]}
NIGHT = {"anchor": "tokyo", "offset_window": [["-24:00", "-01:00"], ["-01:00", "+12:00"]]}
DAY = [["07:00", "16:00"]]
#: (id, the spelling, a plain spelling of the same meaning); a list changes several paths.
TAKEN: list[tuple[str, Any, Any]] = [
    ("text for a number", (parameter("z_score_long"), "-1.2"), None),
    ("text for a second number", (parameter("atr_mult"), "1.5"), None),
    ("text for a whole number", (parameter("window_length"), "12"), None),
    ("a fraction is cut", (parameter("window_length"), 12.7), None),
    ("a fraction is cut, negative lookback", (parameter("local_z_lookback"), -0.9), None),
    ("a whole float", (parameter("ema_length"), 10.0), None),
    ("text for a rate", ("rates_static.EURUSD", "1.1"), None),
    ("text for slippage", ("slippage.fixed_pips", "0.2"), None),
    ("text for random slippage", ("slippage.random_pips", "0.6"), None),
    ("text for the fee multiplier", ("execution.fee_multiplier", "1.5"), None),
    ("text for the slippage multiplier", ("execution.slippage_multiplier", "1.5"), None),
    ("text for the seed", ("execution.random_seed", "7"), None),
    ("a seed with a fraction", ("execution.random_seed", 7.9), None),
    ("direction in capitals", (parameter("direction_filter"), "LONG"), (parameter("direction_filter"), "long")),
    ("direction mixed", (parameter("direction_filter"), "Short"), (parameter("direction_filter"), "short")),
    ("direction unknown", (parameter("direction_filter"), "sideways"), None),
    ("direction null", (parameter("direction_filter"), None), None),
    ("direction a number", (parameter("direction_filter"), 3), None),
    ("direction a list", (parameter("direction_filter"), ["long"]), None),
    ("scenarios as texts", (parameter("enabled_scenarios"), ["1", "2"]), None),
    ("scenarios as one text", (parameter("enabled_scenarios"), "1,2"), None),
    ("one scenario as text", (parameter("enabled_scenarios"), "2"), (parameter("enabled_scenarios"), [2])),
    ("a single number is all", (parameter("enabled_scenarios"), 1), (parameter("enabled_scenarios"), [1, 2, 3, 4, 5, 6])),
    ("no scenarios are all", (parameter("enabled_scenarios"), []), (parameter("enabled_scenarios"), [1, 2, 3, 4, 5, 6])),
    ("empty text is all", (parameter("enabled_scenarios"), ""), (parameter("enabled_scenarios"), [1, 2, 3, 4, 5, 6])),
    ("null scenarios are all", (parameter("enabled_scenarios"), None), (parameter("enabled_scenarios"), [1, 2, 3, 4, 5, 6])),
    ("session with seconds of 0", ("session_filter.fixed_times", [["07:00:00", "16:00:00"]]),
     ("session_filter.fixed_times", DAY)),
    ("seconds at the start count", ("session_filter.fixed_times", [["07:00:01", "16:00"]]),
     ("session_filter.fixed_times", [["07:05", "16:00"]])),
    ("seconds at the end count", ("session_filter.fixed_times", [["07:00", "15:59:59"]]),
     ("session_filter.fixed_times", [["07:00", "15:55"]])),
    ("sessions null", ("session_filter.fixed_times", None), ("session_filter.fixed_times", [["00:00", "23:59"]])),
    ("sessions empty", ("session_filter.fixed_times", []), ("session_filter.fixed_times", [["00:00", "23:59"]])),
    ("names of sessions", ("session_filter.fixed_times", ["london", "tokyo"]), ("session_filter.fixed_times", [])),
    ("a pair of names", ("session_filter.fixed_times", [["london", "tokyo"]]), ("session_filter.fixed_times", [])),
    ("session filter null", ("session_filter", None), None),
    ("session filter empty list", ("session_filter", []), None),
    ("offsets without leading zeros", ("anchored_session_filter", {**FIRST, "offset_window": [["-2:00", "3:00"]]}),
     ("anchored_session_filter", FIRST)),
    ("two pairs of one anchor", ("anchored_session_filter", NIGHT),
     ("anchored_session_filter", {"windows": [{"anchor": "tokyo", "offset_window": [pair]}
                                              for pair in NIGHT["offset_window"]]})),
    ("one window in a list", ("anchored_session_filter", {"windows": [FIRST]}), ("anchored_session_filter", FIRST)),
    ("windows in another order", ("anchored_session_filter", {"windows": [FIRST, SECOND]}),
     ("anchored_session_filter", {"windows": [SECOND, FIRST]})),
    ("CLOSE", ("timestamp_alignment.entry_timestamp_mode", "CLOSE"), None),
    ("Open", ("timestamp_alignment.entry_timestamp_mode", "Open"), ("timestamp_alignment.entry_timestamp_mode", "open")),
    ("duplicate timeframes", ("timeframes.additional", ["H1", "h1", "M5", "H1"]), None),
    ("negative cooldowns", [("cooldown_candles", -3), ("cooldown_minutes", -9), ("cooldown_minutes_trade", -9)],
     ("cooldown_candles", 0)),
    ("dev seed", [("execution.random_seed", ABSENT), ("reporting", {"dev_mode": True, "dev_seed": 7})], None),
    ("dev seed as text", [("execution.random_seed", None), ("reporting", {"dev_mode": True, "dev_seed": "7"})], None),
    ("dev seed beside a seed", ("reporting", {"dev_mode": True, "dev_seed": 8}), None),
    ("dev seed without dev mode", [("execution.random_seed", ABSENT), ("reporting", {"dev_mode": False, "dev_seed": 7})],
     ("execution.random_seed", ABSENT)),
    ("module without prefix", ("strategy.module", MODULE.removeprefix("strategies.")), None),
    ("a date of YAML", ("start_date", yaml.safe_load("2025-01-07")), None),
    ("unknown keys", [("colour", "red"), ("execution.spread_multiplier", None), ("reporting", {"html": True})], None),
]  # fmt: skip


def spelt(changes: Any) -> dict[str, Any]:
    out = BASE
    for path, value in [] if changes is None else changes if isinstance(changes, list) else [changes]:
        out = changed(path, value, out)
    return out


@pytest.mark.parametrize(("spelling", "plain"), [t[1:] for t in TAKEN], ids=[t[0].replace(" ", "-") for t in TAKEN])
def test_v1_takes_the_spelling_with_its_meaning(spelling: Any, plain: Any, market: Path) -> None:
    assert repr(spelt(spelling)) != repr(spelt(plain))
    assert run(spelt(spelling), market) == run(spelt(plain), market)


#: Paths whose other value gives another outcome on this market: a spelling that is not read would be noticed.
FELT = [
    (parameter("z_score_long"), -1.4), (parameter("window_length"), 13), (parameter("ema_length"), 11),
    (parameter("atr_mult"), 1.6), ("rates_static.EURUSD", 1.3), ("slippage.fixed_pips", 0.3),
    ("slippage.random_pips", 0.7), ("execution.fee_multiplier", 1.0), ("execution.slippage_multiplier", 1.0),
    ("execution.random_seed", 8), ("execution.random_seed", ABSENT), (parameter("direction_filter"), "long"),
    (parameter("direction_filter"), "short"), (parameter("enabled_scenarios"), [2]),
    (parameter("enabled_scenarios"), []), ("session_filter.fixed_times", DAY),
    ("session_filter.fixed_times", []),  # a wrapper lets the manager time out
    ("anchored_session_filter", FIRST), ("anchored_session_filter", {"windows": [FIRST, SECOND]}),
    ("anchored_session_filter", NIGHT), ("cooldown_candles", 0),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), FELT, ids=lambda x: str(x) if isinstance(x, str) else None)
def test_what_the_spellings_change_is_felt(path: str, value: Any, market: Path) -> None:
    assert run(changed(path, value), market) != run(BASE, market)


#: (id, path, value, field that the message names)
REFUSED: list[tuple[str, str, Any, str]] = [
    ("text for warmup_bars", "warmup_bars", "60", "warmup_bars"),
    ("text for initial_balance", "initial_balance", "10000", "initial_balance"),
    ("text for risk_per_trade", "risk_per_trade", "100", "risk_per_trade"),
    ("text for cooldown_candles", "cooldown_candles", "3", "cooldown_candles"),
    ("text for cooldown_minutes", "cooldown_minutes", "3", "cooldown_minutes"),
    ("text for cooldown_minutes_trade", "cooldown_minutes_trade", "3", "cooldown_minutes_trade"),
    ("text of a float for a whole number", parameter("window_length"), "12.0", "window_length"),
    ("null for a whole number", parameter("window_length"), None, "window_length"),
    ("null for an unused whole number", parameter("local_z_lookback"), None, "local_z_lookback"),
    ("null for a number", parameter("z_score_long"), None, "z_score_long"),
    ("words for a number", parameter("z_score_long"), "low", "z_score_long"),
    ("null for a fee multiplier", "execution.fee_multiplier", None, "fee_multiplier"),
    ("null for a slippage multiplier", "execution.slippage_multiplier", None, "slippage_multiplier"),
    ("null for additional", "timeframes.additional", None, "additional"),
    ("null for rates_static", "rates_static", None, "rates_static"),
    ("null for slippage", "slippage", None, "slippage"),
    ("null for a cooldown in candles", "cooldown_candles", None, "cooldown_candles"),
    ("null for a cooldown in minutes", "cooldown_minutes", None, "cooldown_minutes"),
    ("null for a cooldown after exits", "cooldown_minutes_trade", None, "cooldown_minutes_trade"),
    ("timeframes absent", "timeframes", ABSENT, "timeframes"),
    ("additional absent", "timeframes.additional", ABSENT, "additional"),
    ("primary absent", "timeframes.primary", ABSENT, "primary"),
    ("lower-case primary", "timeframes.primary", "m5", "m5"),
    ("7:00", "session_filter.fixed_times", [["7:00", "16:00"]], "7:00"),
    ("24:00", "session_filter.fixed_times", [["07:00", "24:00"]], "24:00"),
    ("a bare pair", "anchored_session_filter", {"anchor": "london", "offset_window": ["-02:00", "+03:00"]}, "offset_window"),
    ("a list of pairs under windows", "anchored_session_filter",
     {"anchor": "london", "windows": [["-02:00", "+03:00"]]}, "windows"),
    ("London", "anchored_session_filter", {**FIRST, "anchor": "London"}, "London"),
    ("London in a list", "anchored_session_filter", {"windows": [{**FIRST, "anchor": "London"}]}, "London"),
    ("an unknown anchor", "anchored_session_filter", {**FIRST, "anchor": "moon"}, "moon"),
    ("a date with a time", "start_date", "2025-01-07T00:00:00", "start_date"),
    ("a date with a space and a time", "end_date", "2025-01-09 00:00", "end_date"),
    ("a date without leading zeros", "start_date", "2025-1-7", "start_date"),
    ("a date in the wrong order", "start_date", "07-01-2025", "start_date"),
    ("end before start", "end_date", "2025-01-06", "end_date"),
    ("lower-case symbol", "symbol", "eurusd", "symbol"),
    ("lower-case account currency", "account_currency", "eur", "account_currency"),
    ("rates.mode in another case", "rates.mode", "Static", "rates.mode"),
    ("rates from bars", "rates.mode", "timeseries", "timeseries"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "named"), [r[1:] for r in REFUSED], ids=[r[0].replace(" ", "-") for r in REFUSED]
)
def test_v1_refuses_the_spelling_and_names_the_field(path: str, value: Any, named: str, market: Path) -> None:
    with pytest.raises(ValueError) as caught:
        run(changed(path, value), market)
    assert named in str(caught.value)
    assert code_of(caught.value) == 1001


def written(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.write_text(text, encoding="utf-8")
    return path


def test_both_session_filters_together_fail(market: Path) -> None:
    both = changed("session_filter.fixed_times", DAY, changed("anchored_session_filter", FIRST))
    with pytest.raises(AttributeError, match="get_primary_timeframe"):
        run(both, market)


@pytest.mark.parametrize("named_in_config", [True, False])
def test_a_missing_cost_file_is_a_warning_and_no_costs(
    named_in_config: bool, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free = yaml.safe_dump({"defaults": {"schema": "per_lot", "per_lot": 0.0}})
    wanted = run(BASE, market, costs_file=written(tmp_path, "free.yaml", free))
    capsys.readouterr()
    config = changed("execution_costs_file", str(tmp_path / "none.yaml")) if named_in_config else BASE
    assert run(config, market, costs_file=None) == wanted
    assert "execution_costs_file" in capsys.readouterr().out
    assert run(BASE, market) != wanted


@pytest.mark.parametrize("named_in_config", [True, False])
def test_a_missing_specs_file_is_refused(named_in_config: bool, market: Path, tmp_path: Path) -> None:
    config = changed("symbol_specs_file", str(tmp_path / "none.yaml")) if named_in_config else BASE
    with pytest.raises(FileNotFoundError, match="none.yaml" if named_in_config else "symbol_specs_file"):
        run(config, market, specs_file=None)


LACKING = {
    "the symbol is not there": {"USDJPY": SPECS["EURUSD"]},
    "another symbol lacks tick_value": {**SPECS, "USDJPY": {"contract_size": 100000}},
    "tick_value is null": {"EURUSD": {**SPECS["EURUSD"], "tick_value": None}},
    "no symbol at all": {},
}


@pytest.mark.parametrize("specs", LACKING.values(), ids=[name.replace(" ", "-") for name in LACKING])
def test_a_symbol_that_the_specs_lack_fails_at_the_first_order(specs: Any, market: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "specs.yaml", yaml.safe_dump(specs))
    with pytest.raises(KeyError, match="EURUSD") as caught:
        run(BASE, market, specs_file=path)
    assert code_of(caught.value) == 1008
    quiet = changed(parameter("z_score_long"), -99, changed(parameter("z_score_short"), 99))
    assert '"trades": []' in run(quiet, market, specs_file=path)


def test_yaml_with_merge_keys_is_read(market: Path, tmp_path: Path) -> None:
    specs = """
    GBPUSD: &common {contract_size: 100000, tick_size: 1.0e-05, tick_value: 1.0, pip_size: 0.0001, quote_currency: USD}
    EURUSD: {<<: *common, base_currency: EUR}
    """
    costs = """
    defaults: &all {schema: per_lot, per_lot: 9.0, slippage: {fixed_pips: 0.1, random_pips: 0.4}}
    per_symbol: {EURUSD: {<<: *all, per_lot: 2.5}}
    """
    files = {"specs_file": written(tmp_path, "s.yaml", specs), "costs_file": written(tmp_path, "c.yaml", costs)}
    assert run(BASE, market, **files) == run(BASE, market)
    rates = yaml.safe_load("{base: &rates {EURUSD: 1.1}, rates_static: {<<: *rates, GBPUSD: 1.3}}")["rates_static"]
    assert run(changed("rates_static", rates), market) == run(BASE, market)


def test_rates_from_bars_are_refused_by_name(market: Path) -> None:
    without = changed("rates", ABSENT, changed("rates_static", ABSENT))
    with pytest.raises(ValueError, match="rates_static is absent: rates from bars"):
        run(without, market)
    static = changed("rates", {"mode": "static"}, changed("account_currency", "USD", without))
    assert run(static, market) == run(changed("account_currency", "USD"), market)


@pytest.mark.parametrize("text", ["[1, 2]", "EURUSD: 5", "EURUSD: {contract_size: big, tick_value: 1}", "{"])
def test_specs_that_are_no_specs_are_refused(text: str, market: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="yaml|symbol_specs_file"):
        run(BASE, market, specs_file=written(tmp_path, "specs.yaml", text))


CHAIN = {
    "enabled_scenarios": [6], "scenario6_timeframes": ["PRIMARY"], "scenario6_params": {"PRIMARY": {"z_score": "-1.3"}},
    "direction_filter": "long",
}  # fmt: skip


def chain(**changes: Any) -> dict[str, Any]:
    return changed("strategy.parameters", {**PARAMETERS, **CHAIN, **changes})


@pytest.mark.parametrize(
    "spelling",
    [
        {"scenario6_timeframes": ["m5", "PRIMARY", "M5"]},
        {"scenario6_params": {"m5": {"z_score": -1.3}}},
        {"scenario6_params": {"M5": {"long": {"z_score": -1.3}, "window_length": 3}}},
        {"scenario6_params": {}, "SCENARIO6_primary_Long_z_score": "-1.3"},
        {"scenario6_params": {"M5": {"b_b_length": 3}}, "scenario6_M5_long_z_score": -1.3},
    ],
    ids=["names", "lower-case", "block-replaces", "flat", "flat-makes-a-block"],
)
def test_overrides_of_the_chain_mean_the_same(spelling: dict[str, Any], market: Path) -> None:
    wanted = run(chain(), market)
    assert run(chain(**spelling), market) == wanted
    assert run(chain(scenario6_params={}), market) != wanted


@pytest.mark.parametrize("params", [[], {"M5": 3}, {"M5": {"window_length": None}}, {"M5": {"long": {"z_score": "x"}}}])
def test_overrides_that_are_none_are_refused_by_name(params: Any, market: Path) -> None:
    if params == []:  # nothing in it
        assert run(chain(scenario6_params=params), market) == run(chain(scenario6_params={}), market)
        return
    with pytest.raises(ValueError, match="strategy.parameters.scenario6_params"):
        run(chain(scenario6_params=params), market)


@pytest.mark.parametrize("key", ["use_previous_completed_higher_tf", "normalize_to_timeframe"])
def test_a_flag_as_text_passes_the_model_and_is_true(key: str) -> None:
    for value, meant in ((True, True), (False, False), ("true", True), ("false", True), ("0", True), (0, False)):
        assert getattr(TimestampAlignment(**{key: value}), key) is meant, value
    with pytest.raises(ValueError, match=key):
        TimestampAlignment(**{key: "perhaps"})
