"""Small markets from a few numbers: segments plus a seed, built with NumPy, so that they minimise.

Prices are whole ticks until the last step, so every price is the nearest double of a decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES, Bars

#: symbol -> (ticks per price unit, start price in ticks, typical move of a bar in ticks)
SYMBOLS = {"EURUSD": (100_000, 110_000, 12), "USDJPY": (1_000, 150_000, 12), "DE30EUR": (10, 115_000, 25)}
#: How a segment moves. ``tie``: bars that reach far to both sides, so that stop and target lie inside one bar.
#: ``still``: closes that stay where a move has left them, but for a tick now and then.
KINDS = ("flat", "range", "trend_up", "trend_down", "spike", "gap", "tie", "still")
#: 2025-01-07 is a Tuesday: bars of history lie on the Monday before it, inside the trading week.
FIRST_DAY = datetime(2025, 1, 7, tzinfo=UTC)
#: First days by what they are for: an ordinary one, one in summer time, one whose evening ends the trading week,
#: and one that begins shortly before it.
DAYS = {
    "winter": (FIRST_DAY, 0),
    "summer": (datetime(2025, 7, 8, tzinfo=UTC), 0),
    "afternoon": (FIRST_DAY, 12 * 60),
    "week_end": (datetime(2025, 1, 10, tzinfo=UTC), 19 * 60 + 50),
    "week_start": (datetime(2025, 1, 12, tzinfo=UTC), 19 * 60 + 50),
    "midnight": (FIRST_DAY, 23 * 60 + 50),
}

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of bars of one kind; ``size`` scales its moves."""

    kind: str
    bars: int
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A market: ``lead`` bars of history, then the segments; ``seed`` draws the noise.

    ``oddity`` says what is wrong with the rows from ``odd_from`` on, ``odd_bars`` of them.
    """

    symbol: str = "EURUSD"
    timeframe: str = "M1"
    lead: int = 0
    segments: tuple[Segment, ...] = (Segment(kind="range", bars=10),)
    seed: int = 0
    spread: int = 10
    day: str = "winter"
    oddity: str = "none"
    odd_from: int = 0
    odd_bars: int = 1

    @property
    def bars(self) -> int:
        """Tradable bars."""
        return sum(s.bars for s in self.segments)

    @property
    def step(self) -> timedelta:
        """Length of a bar."""
        return timedelta(minutes=TIMEFRAME_MINUTES[self.timeframe])

    @property
    def first_day(self) -> datetime:
        """The day on which trading begins."""
        return DAYS[self.day][0]

    @property
    def begin(self) -> datetime:
        """The first tradable bar."""
        day, minute = DAYS[self.day]
        return day + timedelta(minutes=minute)

    @property
    def end_day(self) -> datetime:
        """The day after the last bar, so that no bar is cut off; of a market around midnight that day itself."""
        last = self.begin + self.step * self.bars
        after = 0 if self.day == "midnight" else 1
        return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=after)


def _segment_moves(kind: str, n: int, scale: int, rng: np.random.Generator) -> tuple[Ticks, Ticks]:
    jump = np.zeros(n, dtype=np.int64)
    noise = rng.integers(-scale, scale + 1, n)
    if kind == "flat":
        noise[:] = 0
    elif kind == "still":
        noise = np.where(rng.integers(0, 6, n) == 0, rng.integers(-1, 2, n), 0)
        jump[0] = rng.integers(-4 * scale, 4 * scale + 1)
    elif kind == "trend_up":
        noise = np.abs(noise)
    elif kind == "trend_down":
        noise = -np.abs(noise)
    elif kind == "spike":
        noise[0] = 12 * scale * (1 if rng.integers(2) else -1)
    elif kind == "gap":
        jump[0] = 15 * scale * (1 if rng.integers(2) else -1)
    elif n > 1:
        # A range returns to where it began.
        noise -= np.int64(noise.sum()) // n
    return jump, noise


def _moves(shape: Shape, rng: np.random.Generator) -> tuple[Ticks, Ticks, npt.NDArray[np.bool_]]:
    """(jump before the open, move from open to close, whether it reaches far) of each bar, in ticks."""
    unit = SYMBOLS[shape.symbol][2]
    parts = [(s, *_segment_moves(s.kind, s.bars, unit * s.size, rng))
             for s in (Segment(kind="range", bars=shape.lead), *shape.segments) if s.bars]  # fmt: skip
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none.astype(bool)
    far = np.concatenate([np.full(s.bars, s.kind == "tie") for s, _, _ in parts])
    return np.concatenate([j for _, j, _ in parts]), np.concatenate([b for _, _, b in parts]), far


@dataclass(frozen=True)
class Built:
    """Bars of a shape: times in ns, bid and ask in ticks with shape (n, 4), and the index of the first tradable bar.

    All bars are here, once and in order. ``odd`` are the rows that files lack, double or hold out of order.
    """

    ts: Ticks
    bid: Ticks
    ask: Ticks
    scale: int
    lead: int
    oddity: str = "none"
    odd: tuple[int, int] = (0, 0)

    def bars(self) -> Bars:
        """The rows as files hold them."""
        n = len(self.ts)
        out = Bars(self.ts, self.bid / self.scale, self.ask / self.scale, np.ones(n))
        rows = np.arange(self.odd[0], min(self.odd[1], n))
        if self.oddity == "none" or len(rows) == 0:
            return out
        if self.oddity == "missing_ask":
            out.ask[rows] = np.nan
        elif self.oddity == "missing_bid":
            out.bid[rows] = np.nan
        elif self.oddity == "missing_both":
            return out.take(np.delete(np.arange(n), rows))
        elif self.oddity == "unsorted":
            order = np.arange(n)
            order[rows] = order[rows][::-1]
            return out.take(order)
        else:
            # The first of two rows with one time holds the prices of the bar before it.
            before = out.take(np.maximum(rows - 1, 0))
            doubled = Bars(out.ts[rows], before.bid, before.ask, before.volume)
            joined = [np.insert(a, rows, b, axis=0) for a, b in zip(_columns(out), _columns(doubled), strict=True)]
            return Bars(*joined)
        return out

    def resample(self, step_ns: int, *, stale: bool = False) -> Bars:
        """The same bars in a higher timeframe; ``stale``: without every third of its bars."""
        key = self.ts // step_ns
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        ends = np.r_[starts[1:], len(key)] - 1

        def side(x: Ticks) -> npt.NDArray[np.float64]:
            high, low = np.maximum.reduceat(x[:, 1], starts), np.minimum.reduceat(x[:, 2], starts)
            prices: npt.NDArray[np.float64] = np.column_stack([x[starts, 0], high, low, x[ends, 3]]) / self.scale
            return prices

        out = Bars(key[starts] * step_ns, side(self.bid), side(self.ask), np.ones(len(starts)))
        return out.take(np.arange(len(out)) % 3 != 1) if stale else out


def _columns(bars: Bars) -> tuple[npt.NDArray[np.generic], ...]:
    return bars.ts, bars.bid, bars.ask, bars.volume


@lru_cache(maxsize=8)
def build(shape: Shape) -> Built:
    """The bars of a shape; the same shape gives the same bars."""
    rng = np.random.default_rng(shape.seed)
    scale, start, unit = SYMBOLS[shape.symbol]
    jumps, bodies, far = _moves(shape, rng)
    n = len(bodies)
    path = start + np.cumsum(jumps + bodies)
    opens = path - bodies
    quiet = bodies == 0
    up, down = rng.integers(0, unit, n), rng.integers(0, unit, n)
    up[quiet] //= 4
    down[quiet] //= 4
    up[far] += 6 * unit
    down[far] += 6 * unit
    floor = scale // 100
    bid = np.column_stack([opens, np.maximum(opens, path) + up, np.minimum(opens, path) - down, path])
    bid = np.maximum(bid, floor)
    widening = np.where(rng.integers(0, 10, n) == 0, shape.spread, 0)
    spread = (shape.spread + widening)[:, None]
    ask = bid + spread
    step_ns = TIMEFRAME_MINUTES[shape.timeframe] * MINUTE_NS
    first = int(shape.begin.timestamp()) * 1_000_000_000 - shape.lead * step_ns
    ts = first + np.arange(n, dtype=np.int64) * step_ns
    odd = shape.lead + shape.odd_from
    return Built(ts, bid, ask, scale, shape.lead, shape.oddity, (odd, odd + shape.odd_bars))
