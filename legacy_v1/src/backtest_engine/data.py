"""Loading and cleaning of Parquet candles, and what of a higher timeframe a primary bar may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from omega_rust import BarRust
from shared.exceptions import NoBarsError

from backtest_engine.config import BacktestConfig, timeframe_delta

SYDNEY = ZoneInfo("Australia/Sydney")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_NS = 86_400_000_000_000
COLUMNS = ("Open", "High", "Low", "Close", "Volume")


def to_ns(time: datetime) -> int:
    """Nanoseconds since the epoch, exact for whole microseconds."""
    delta = time - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


def from_ns(ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=ns // 1_000)


@dataclass
class Side:
    """Candles of one side: ``ts`` open times in ns, ``ohlcv`` of shape (n, 5)."""

    ts: np.ndarray
    ohlcv: np.ndarray

    def take(self, keep: np.ndarray) -> "Side":
        return Side(self.ts[keep], self.ohlcv[keep])

    def bars(self) -> list[BarRust]:
        return [BarRust(from_ns(int(t)), *row) for t, row in zip(self.ts, self.ohlcv.tolist())]


@dataclass
class Market:
    """Primary candles of both sides and, per higher timeframe, the aligned index of each primary bar (-1: none)."""

    timeframe: str
    times: list[datetime]
    bid: Side
    ask: Side
    higher: dict[str, tuple[Side, Side, np.ndarray, np.ndarray]]


def _file(root: Path, symbol: str, timeframe: str, side: str) -> Path:
    folder = root / symbol
    for name in (side, side.lower()):
        path = folder / f"{symbol}_{timeframe}_{name}.parquet"
        if path.is_file():
            return path
    raise FileNotFoundError(f"no candles for {symbol} {timeframe} {side} below {root}")


def _read(path: Path) -> Side:
    table = pq.read_table(path, columns=["UTC time", *COLUMNS])
    times = table.column("UTC time").cast(pa.timestamp("ns", tz="UTC"), safe=False).cast(pa.int64())
    prices = [table.column(name).cast(pa.float64()).to_numpy() for name in COLUMNS]
    return Side(times.to_numpy(), np.column_stack(prices))


def last_of_each_time(side: Side) -> Side:
    """Sorted by time; of rows with the same time the last one wins."""
    order = np.argsort(side.ts, kind="stable")
    ts = side.ts[order]
    last = np.ones(len(ts), dtype=bool)
    last[:-1] = ts[1:] != ts[:-1]
    return side.take(order[last])


def within_trading_week(times: list[datetime]) -> np.ndarray:
    """Sydney time from Monday 07:00 to Saturday 07:00; Sunday never."""
    keep = np.empty(len(times), dtype=bool)
    for i, time in enumerate(times):
        local = time.astimezone(SYDNEY)
        minutes = local.weekday() * 1440 + local.hour * 60 + local.minute
        keep[i] = 420 <= minutes < 5 * 1440 + 420
    return keep


def _clean(side: Side, timeframe: str, normalise: bool) -> Side:
    step = int(timeframe_delta(timeframe).total_seconds()) * 1_000_000_000
    if normalise:
        side = Side(side.ts // step * step, side.ohlcv)
    side = last_of_each_time(side)
    if step < DAY_NS:
        return side.take(within_trading_week([from_ns(int(t)) for t in side.ts]))
    if timeframe == "D1":
        weekday = (side.ts // DAY_NS + 3) % 7
        prices = side.ohlcv[:, :4]
        flat = (side.ohlcv[:, 4] == 0) & (prices == prices[:, :1]).all(axis=1)
        return side.take((weekday < 5) & ~flat)
    return side


def load_timeframe(root: Path, config: BacktestConfig, timeframe: str) -> tuple[Side, Side]:
    """Bid and ask candles of the load window, cleaned, on the times that both sides have."""
    first, last = to_ns(config.load_start), to_ns(config.end_time)
    sides = []
    for name in ("BID", "ASK"):
        side = _read(_file(root, config.symbol, timeframe, name))
        side = _clean(side, timeframe, config.timestamp_alignment.normalize_to_timeframe)
        sides.append(side.take((side.ts >= first) & (side.ts <= last)))
    bid, ask = sides
    common = np.intersect1d(bid.ts, ask.ts, assume_unique=True)
    return bid.take(np.isin(bid.ts, common)), ask.take(np.isin(ask.ts, common))


def visible_bars(
    primary_ts: np.ndarray,
    higher_ts: np.ndarray,
    *,
    primary_step: int,
    higher_step: int,
    close_mode: bool,
    close_labelled: bool,
    previous_completed: bool,
    stale_limit: int,
) -> np.ndarray:
    """Index of the higher-timeframe bar each primary bar may see, -1 for none (the look-ahead guard)."""
    if previous_completed:
        ends = higher_ts if close_labelled else higher_ts + higher_step
        effective = primary_ts + primary_step if close_mode else primary_ts
        newest = np.searchsorted(ends, effective, side="right") - 1
    else:
        # Look-ahead: only an exact match of times shows a bar, which then stays; -1 before the first match.
        rows = {int(t): j for j, t in enumerate(higher_ts.tolist())}
        exact = np.array([rows.get(int(t), -1) for t in primary_ts.tolist()], dtype=np.int64)
        newest = np.maximum.accumulate(exact) if len(exact) else exact
    limit = stale_limit if stale_limit > 0 else max(1, 2 * higher_step // primary_step)
    out = np.full(len(primary_ts), -1, dtype=np.int64)
    first_seen, current = 0, -1
    for i, j in enumerate(newest.tolist()):
        if j != current:
            current, first_seen = j, i
        if j >= 0 and i - first_seen <= limit:
            out[i] = j
    return out


def load_market(root: Path, config: BacktestConfig) -> Market:
    """Everything a run needs; NoBarsError (a ValueError) when no bar can be traded."""
    primary = config.timeframes.primary
    bid, ask = load_timeframe(root, config, primary)
    if not len(bid.ts):
        raise NoBarsError("Kein gemeinsamer Timestamp zwischen Bid/Ask im Zeitraum.")
    if bid.ts[-1] < to_ns(config.start_time):
        raise NoBarsError(f"no {primary} bar at or after {config.start_date}")
    alignment = config.timestamp_alignment
    primary_step = int(timeframe_delta(primary).total_seconds()) * 1_000_000_000
    higher: dict[str, tuple[Side, Side, np.ndarray, np.ndarray]] = {}
    for timeframe in config.timeframes.additional:
        sides = load_timeframe(root, config, timeframe)
        visible = [
            visible_bars(
                bid.ts, side.ts,
                primary_step=primary_step,
                higher_step=int(timeframe_delta(timeframe).total_seconds()) * 1_000_000_000,
                close_mode=config.close_mode,
                close_labelled=alignment.higher_tf_timestamps_mode.get(timeframe) == "close",
                previous_completed=alignment.use_previous_completed_higher_tf,
                stale_limit=alignment.stale_bar_limit_bars,
            )
            for side in sides
        ]
        higher[timeframe] = (sides[0], sides[1], visible[0], visible[1])
    return Market(primary, [from_ns(int(t)) for t in bid.ts], bid, ask, higher)
