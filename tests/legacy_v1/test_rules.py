"""V1 against the observed rule tables: FX, lot sizes, slippage draws, anchored sessions, alignment."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import observed
import pytest
from backtest_engine.config import AnchoredSessionFilter, timeframe_delta
from backtest_engine.data import to_ns, visible_bars
from backtest_engine.gates import AnchoredCalendar
from backtest_engine.money import LotSizer, Rates, SlippageModel, SymbolSpec, load_yaml


def rule(name: str) -> Any:
    return observed.load(observed.ROOT / "rules" / f"{name}.json")


def test_fx_conversion_takes_the_observed_ways() -> None:
    table = rule("fx_convert")
    rates = Rates(table["rates"])
    for source, target, wanted, _ in table["rows"]:
        if isinstance(wanted, str):
            with pytest.raises(ValueError, match="No FX path") as caught:
                rates.convert(1000.0, source, target)
            assert wanted == f"ValueError: {caught.value}"
        else:
            assert rates.convert(1000.0, source, target) == wanted


def test_lot_sizes_are_the_observed_ones() -> None:
    table = rule("lot_sizer")
    specs = {
        name: SymbolSpec.from_mapping(name, raw or {})
        for name, raw in load_yaml(observed.ROOT / "data" / "symbol_specs.yaml").items()
    }
    assert len(table["rows"]) > 50
    for symbol, account, stop_pips, risk, pip_value, lots in table["rows"]:
        sizer = LotSizer(specs, Rates(table["static_rates"]), account)
        assert sizer.pip_value(symbol) == pip_value, symbol
        assert sizer.lots(symbol, risk, stop_pips) == lots, (symbol, account, stop_pips, risk)


def test_slippage_draws_come_from_the_observed_stream() -> None:
    table = rule("slippage")
    for block in table["global_stream"]:
        random.seed(block["global_seed"])
        model = SlippageModel(*block["model"])
        for direction, price, pip, wanted in block["calls"]:
            assert model.apply(price, direction, pip) == wanted
    model = SlippageModel(0.2, 0.3)
    for row in table["explicit_seed"]:
        assert model.apply(1.1, "long", 0.0001, seed=row["seed"]) == row["out"]
    batch = [(1.1, "long", 0.0001), (1.2, "short", 0.0001), (1.3, "long", 0.0001)]
    assert model.apply_batch(batch) == table["batch_default_seed_42"]


def test_anchored_sessions_follow_daylight_saving_as_observed() -> None:
    table = rule("anchored_sessions")
    assert len(table) >= 10
    for key, days in table.items():
        anchor, first, last = key.split("|")
        windows = [("-01:00", "+03:00"), ("-04:00", "+02:00")]
        calendar = AnchoredCalendar(AnchoredSessionFilter(anchor=anchor, offset_window=windows))
        day = date.fromisoformat(first)
        assert len(days) == (date.fromisoformat(last) - day).days + 1
        while day.isoformat() <= last:
            assert [list(w) for w in calendar.windows(day)] == days[day.isoformat()], (key, day)
            day += timedelta(days=1)


@pytest.mark.parametrize("index", range(len(rule("htf_alignment"))))
def test_higher_timeframe_alignment_is_the_observed_one(index: int) -> None:
    case = rule("htf_alignment")[index]
    primary = np.array(case["primary_ts_ns"], dtype=np.int64)
    rules = case["timestamp_alignment"]

    def step(timeframe: str) -> int:
        return int(timeframe_delta(timeframe).total_seconds()) * 1_000_000_000

    checked = 0
    for timeframe, sides in case["htf_input_ts_ns"].items():
        for side, stamps in sides.items():
            higher = np.array(stamps, dtype=np.int64)
            seen = visible_bars(
                primary,
                higher,
                primary_step=step(case["primary"]),
                higher_step=step(timeframe),
                close_mode=rules.get("entry_timestamp_mode") == "close",
                close_labelled=rules.get("higher_tf_timestamps_mode", {}).get(timeframe) == "close",
                previous_completed=rules["use_previous_completed_higher_tf"],
                stale_limit=rules.get("stale_bar_limit_bars", 0),
            )
            wanted = case["visible_htf_ts_ns"][timeframe][side]
            assert [None if j < 0 else int(higher[j]) for j in seen] == wanted, (timeframe, side)
            checked += 1
    assert checked


def test_times_are_exact_to_the_microsecond() -> None:
    from backtest_engine.data import from_ns

    assert to_ns(from_ns(1_736_157_600_000_001_000)) == 1_736_157_600_000_001_000
