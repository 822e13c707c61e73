"""What V1 was measured to do, with V2's switches at ``v1``: one test for each correction of the specification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import pytest

from parity.harness.model.files import write_news

Config = Callable[..., dict[str, Any]]
ALL_DAY = [{"start": "00:00", "end": "23:59"}]
PARITY = {"execution_variant": "v1_parity", "end_date": "2025-01-08"}


def scripted(config: Config, *orders: dict[str, Any], minutes: float | None = None, **changes: Any) -> dict[str, Any]:
    parameters = {"orders": list(orders), "max_holding_minutes": minutes}
    return config(strategy_name="scripted_orders", strategy_parameters=parameters, **changes)


def order(bar: int, kind: str, entry: float | None = None) -> dict[str, Any]:
    return {"bar": bar, "direction": "long", "type": kind, "entry": entry, "sl": 1.0, "tp": 1.2}


@pytest.mark.parametrize("enabled", [True, False])
def test_two_wrappers_fail_on_the_first_bar_without_any_order(enabled: bool, market: Any, config: Config) -> None:
    anchor = {"anchor": "london", "windows": []}
    both = {**PARITY, "sessions": ALL_DAY, "anchored_sessions": anchor, "trade_management": {"enabled": enabled}}
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(scripted(config, **both))
    assert caught.value.code == 4000
    # Two markets are one wrapper.
    one = {**both, "sessions": None, "anchored_sessions": [anchor, {**anchor, "anchor": "tokyo"}]}
    for changes in (one, {**both, "semantics": {"timeout_reach": "v2"}}):
        assert bt.run_backtest(scripted(config, **changes)).meta["counters"]["bars"] == 40


@pytest.mark.parametrize("mode", ["open", "close"])
def test_v1_asks_for_news_at_the_close_in_both_modes(
    mode: str, market: Any, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, calendar = write_news(tmp_path, (("2025-01-06T23:50:00", "EUR", "HIGH"),))
    monkeypatch.setenv("OMEGA_NEWS_CALENDAR_FILE", str(calendar))
    changes = {"news_filter": {"enabled": True}, "timestamp_alignment": {"entry_timestamp_mode": mode}}
    stopped = {}
    for setting in ("v1", "v2"):
        given = config(**changes, semantics={"news_rule": setting}, output={"events": True})
        events = bt.run_backtest(given).events
        stopped[setting] = [event["bar"] for event in events if event.get("gate") == "news"]
    # Minute 20 is the last one: the close of bar 19, the open of bar 20.
    assert stopped["v1"] == list(range(20))
    assert stopped["v2"] == list(range(20 if mode == "close" else 21))


def test_timeouts_of_one_bar_close_in_order_of_fill(market: Any, config: Config) -> None:
    first, second = order(0, "limit", 1.0999), order(1, "market")
    given = scripted(config, first, second, minutes=0, sessions=ALL_DAY, output={"events": True}, **PARITY)
    events = bt.run_backtest(given).events
    placed, filled, closed = (
        [(event["bar"], event["order"]) for event in events if event["event"] == kind]
        for kind in ("order_placed", "filled", "closed")
    )
    assert placed == [(0, 0)]
    assert [order for _, order in filled] == [1, 0] != sorted(order for _, order in filled)
    assert [order for _, order in closed] == [1, 0]


def links(config: Config, **parameters: Any) -> dict[str, Any]:
    given = {"enabled_scenarios": [6], "window_length": 8, "std_factor": 0.5, **parameters}
    out: dict[str, Any] = bt.run_backtest(config(strategy_parameters=given, semantics={"config_rules": "v1"})).meta
    return out


@pytest.mark.parametrize("name", ["M1", "m1", "PRIMARY", "primary"])
def test_the_block_of_a_direction_replaces_what_stands_beside_it(name: str, market: Any, config: Config) -> None:
    beside = {"window_length": 3, "z_score_long": -0.2}
    for block, found in (
        (beside, {"long": (3, 0.5, -0.2), "short": (3, 0.5, -0.2)}),
        ({**beside, "long": {"std_factor": 0.1}}, {"long": (8, 0.1, -2.0), "short": (3, 0.5, -0.2)}),
        ({**beside, "long": {}}, {"long": (8, 0.5, -2.0), "short": (3, 0.5, -0.2)}),
    ):
        meta = links(config, scenario6_timeframes=[name, "M1", "PRIMARY"], scenario6_params={name: block})
        chain = meta["config"]["normalised"]["strategy_parameters"]
        assert chain["scenario6_timeframes"] == ["M1"]
        keys = ("window_length", "std_factor", "z_score_long")
        link = {side: tuple(own[key] for key in keys) for side, own in chain["scenario6_params"]["M1"].items()}
        assert link == found


@pytest.mark.parametrize("key", ["scenario6_M1_long_std_factor", "SCENARIO6_primary_LONG_std_Factor"])
def test_flat_keys_are_written_into_the_block_of_their_direction(key: str, market: Any, config: Config) -> None:
    params = {"M1": {"window_length": 3, "short": {"window_length": 4}}}
    meta = links(config, scenario6_timeframes=["PRIMARY"], scenario6_params=params, **{key: 0.25})
    link = meta["config"]["normalised"]["strategy_parameters"]["scenario6_params"]["M1"]
    assert (link["long"]["std_factor"], link["long"]["window_length"]) == (0.25, 8)
    assert (link["short"]["std_factor"], link["short"]["window_length"]) == (0.5, 4)


def test_of_two_keys_for_one_timeframe_one_is_refused_or_listed(market: Any, config: Config) -> None:
    twice = {"M1": {"window_length": 3}, "PRIMARY": {"window_length": 4}}
    meta = links(config, scenario6_timeframes=["M1"], scenario6_params=twice)
    assert meta["ignored_keys"] == ["strategy_parameters.scenario6_params.M1"]
    assert meta["config"]["normalised"]["strategy_parameters"]["scenario6_params"]["M1"]["long"]["window_length"] == 4
    parameters = {"enabled_scenarios": [6], "scenario6_timeframes": ["M1"], "scenario6_params": twice}
    with pytest.raises(bt.ConfigError) as caught:
        bt.run_backtest(config(strategy_parameters=parameters))
    assert caught.value.path == "strategy_parameters.scenario6_params.M1"
    assert "same timeframe as PRIMARY" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("strategy_parameters.window_length", {"strategy_parameters": {"window_length": None}}),
        ("strategy_parameters.kalman_q", {"strategy_parameters": {"kalman_q": None}}),
        ("strategy_parameters.scenario6_params.M1.window_length",
         {"strategy_parameters": {"scenario6_timeframes": ["M1"],
                                  "scenario6_params": {"M1": {"window_length": None}}}}),
        ("warmup_bars", {"warmup_bars": None}),
        ("cooldown.candles", {"cooldown": {"candles": None}}),
        ("costs.fee_multiplier", {"costs": {"fee_multiplier": None}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("variant", ["v2", "v1_parity"])
def test_null_for_a_number_is_refused_with_its_path(
    path: str, change: dict[str, Any], variant: str, config: Config
) -> None:
    with pytest.raises(bt.ConfigError) as caught:
        bt.run_backtest(config(execution_variant=variant, **change))
    assert [issue.path for issue in caught.value.issues] == [path]


def test_null_stays_what_it_means_where_it_means_something(market: Any, config: Config) -> None:
    nothing = {"account": {"max_positions": None}, "trade_management": {"max_holding_minutes": None}, "sessions": None}
    assert bt.run_backtest(config(**nothing)).meta["counters"]["bars"] == 40
