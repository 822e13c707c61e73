"""Reads the tables of ``rules/`` and holds V1 against each of their rows; the formats are in ``observed/README.md``.

``check`` takes one file. A table that nobody reads would prove nothing, so an unknown name is a failure.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import observed
import pytest
from backtest_engine.config import AnchoredSessionFilter, timeframe_delta
from backtest_engine.data import from_ns, visible_bars, within_trading_week
from backtest_engine.gates import AnchoredCalendar, NewsCalendar
from backtest_engine.money import CommissionModel, LegacyFee, LotSizer, Rates, SlippageModel, load_specs
from backtest_engine.volatility_cluster import kmeans_1d

#: What the tables do not carry themselves.
COMMISSION = {"rate_per_million": 30.0, "pct": 2e-5, "per_lot": 2.5}
LOT_SIZE, PER_MILLION, LEGACY_LIMIT = 100_000.0, 25.0, 1e-12
#: The windows of the table of anchored sessions.
OFFSETS = [("-01:00", "+03:00"), ("-04:00", "+02:00")]


def check(path: Path) -> int:
    """Rows of the table that were compared; AssertionError for the first one that V1 does not reproduce."""
    assert path.stem in READERS, f"nothing reads the table {path.name}; known: {', '.join(READERS)}"
    checked = READERS[path.stem](observed.load(path), path)
    assert checked, f"{path.name} holds no row"
    return checked


def _named(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table as mappings, by its columns."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def _beside(path: Path, *names: str) -> Path:
    """A file of the same observed folder, else of the project's own copy: the first of the names that exists."""
    folders = (path.parent.parent, observed.DEFAULT)
    found = [folder / name for folder in folders for name in names if (folder / name).is_file()]
    assert found, f"{path.name} needs {' or '.join(names)}"
    return found[0]


def _specs(path: Path) -> dict[str, Any]:
    return load_specs(_beside(path, "data/symbol_specs.yaml"))


def fx_convert(table: Any, _: Path) -> int:
    rates = Rates(table["rates"])
    for source, target, wanted, *_ in table["rows"]:
        if isinstance(wanted, str):
            with pytest.raises(ValueError, match="No FX path") as caught:
                rates.convert(1000.0, source, target)
            assert wanted == f"ValueError: {caught.value}"
        else:
            assert rates.convert(1000.0, source, target) == wanted, (source, target)
    return len(table["rows"])


def lot_sizer(table: Any, path: Path) -> int:
    specs = _specs(path)
    for symbol, account, stop_pips, risk, pip_value, lots in table["rows"]:
        sizer = LotSizer(specs, Rates(table["static_rates"]), account)
        assert sizer.pip_value(symbol) == pip_value, symbol
        assert sizer.lots(symbol, risk, stop_pips) == lots, (symbol, account, stop_pips, risk)
    return len(table["rows"])


def slippage(table: Any, _: Path) -> int:
    checked = 0
    for block in table["global_stream"]:
        random.seed(block["global_seed"])
        model = SlippageModel(*block["model"])
        for direction, price, pip, wanted in block["calls"]:
            assert model.apply(price, direction, pip) == wanted, (block["global_seed"], checked)
            checked += 1
    model = SlippageModel(0.2, 0.3)
    for row in table["explicit_seed"]:
        assert model.apply(1.1, "long", 0.0001, seed=row["seed"]) == row["out"], row["seed"]
    batch = [(1.1, "long", 0.0001), (1.2, "short", 0.0001), (1.3, "long", 0.0001)]
    assert model.apply_batch(batch) == table["batch_default_seed_42"]
    return checked


def anchored_sessions(table: Any, _: Path) -> int:
    checked = 0
    for key, days in table.items():
        anchor, first, last = key.split("|")
        calendar = AnchoredCalendar(AnchoredSessionFilter(anchor=anchor, offset_window=OFFSETS))
        day = date.fromisoformat(first)
        assert len(days) == (date.fromisoformat(last) - day).days + 1
        while day.isoformat() <= last:
            assert [list(w) for w in calendar.windows(day)] == days[day.isoformat()], (key, day)
            day += timedelta(days=1)
            checked += 1
    return checked


def htf_alignment(table: Any, _: Path) -> int:
    checked = 0
    for number, case in enumerate(table):
        primary = np.array(case["primary_ts_ns"], dtype=np.int64)
        rules = case["timestamp_alignment"]
        for timeframe, sides in case["htf_input_ts_ns"].items():
            for side, stamps in sides.items():
                higher = np.array(stamps, dtype=np.int64)
                seen = visible_bars(
                    primary,
                    higher,
                    primary_step=_step(case["primary"]),
                    higher_step=_step(timeframe),
                    close_mode=rules.get("entry_timestamp_mode") == "close",
                    close_labelled=rules.get("higher_tf_timestamps_mode", {}).get(timeframe) == "close",
                    previous_completed=rules["use_previous_completed_higher_tf"],
                    stale_limit=rules.get("stale_bar_limit_bars", 0),
                )
                wanted = case["visible_htf_ts_ns"][timeframe][side]
                assert [None if j < 0 else int(higher[j]) for j in seen] == wanted, (number, timeframe, side)
                checked += 1
    return checked


def _step(timeframe: str) -> int:
    return int(timeframe_delta(timeframe).total_seconds()) * 1_000_000_000


def kmeans(table: Any, _: Path) -> int:
    for row in table:
        centres, labels = kmeans_1d(np.array(row["values"]), row["k"])
        assert centres.tolist() == row["centers"], row["kind"]
        assert labels.tolist() == row["labels"], row["kind"]
    return len(table)


def commission(table: Any, path: Path) -> int:
    specs, rates = _specs(path), Rates(table["static_rates"])
    rows = _named(table)
    for row in rows:
        settings = {
            "schema": row["schema"],
            "side": row["cfg_side"],
            "min_fee": row["min_fee"],
            "fee_ccy": row["fee_ccy"],
        }
        model = CommissionModel({**COMMISSION, **settings}, {}, specs, rates, table["account"], row["multiplier"])
        wanted = row["fee_account_ccy"]
        if isinstance(wanted, str):
            with pytest.raises(ValueError) as caught:
                model.fee(row["symbol"], row["price"], row["lots"], row["side"])
            assert wanted == f"ValueError: {caught.value}"
        else:
            assert model.fee(row["symbol"], row["price"], row["lots"], row["side"]) == wanted, row
    return len(rows)


def legacy_fee(table: Any, _: Path) -> int:
    rows = _named(table)
    for row in rows:
        least = row.get("min_fee", table.get("min_fee", 0.0)) or 0.0
        model = LegacyFee(table.get("per_million", PER_MILLION), table.get("lot_size", LOT_SIZE), least)
        fee = model.fee(row["price"], row["lots"], row["contract_size"])
        assert fee == pytest.approx(row["fee"], rel=0, abs=LEGACY_LIMIT), row
    return len(rows)


def market_hours(table: Any, _: Path) -> int:
    found = within_trading_week([from_ns(row["ts_ns"]) for row in table]).tolist()
    for row, valid in zip(table, found, strict=True):
        assert valid is row["valid"], row
    return len(table)


def news_filter(table: Any, path: Path) -> int:
    calendar = _beside(path, "rules/news_small.csv", "data/news/news_small.csv", "data/news_small.csv")
    symbols = {row["symbol"]: NewsCalendar(calendar, row["symbol"]) for row in table}
    for row in table:
        for mode, delay in (("open_mode", 0), ("close_mode_M5", 5)):
            time = from_ns(row["ts_ns"]) + timedelta(minutes=delay)
            assert (not symbols[row["symbol"]].blocked(time)) is row[mode], (row, mode)
    return len(table)


READERS: dict[str, Callable[[Any, Path], int]] = {
    "fx_convert": fx_convert,
    "lot_sizer": lot_sizer,
    "slippage": slippage,
    "anchored_sessions": anchored_sessions,
    "htf_alignment": htf_alignment,
    "kmeans_1d": kmeans,
    "commission": commission,
    "legacy_fee": legacy_fee,
    "market_hours": market_hours,
    "news_filter": news_filter,
}
