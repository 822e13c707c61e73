"""Small markets from a few numbers: segments plus a seed, built with NumPy, so that they shrink.

Prices are whole ticks until the last step, so every price is the nearest double of a decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

TIMEFRAME_MINUTES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440}
#: symbol -> (ticks per price unit, start price in ticks, typical move of a bar in ticks)
SYMBOLS = {"EURUSD": (100_000, 110_000, 12), "USDJPY": (1_000, 150_000, 12), "DE30EUR": (10, 115_000, 25)}
KINDS = ("flat", "range", "trend_up", "trend_down", "spike", "gap")
#: 2025-01-07 is a Tuesday: bars of history lie on the Monday before it, inside the trading week.
FIRST_DAY = datetime(2025, 1, 7, tzinfo=UTC)
MINUTE_NS = 60_000_000_000

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of bars of one kind; ``size`` scales its moves."""

    kind: str
    bars: int
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A market: ``lead`` bars of history, then the segments; ``seed`` draws the noise."""

    symbol: str = "EURUSD"
    timeframe: str = "M1"
    lead: int = 0
    segments: tuple[Segment, ...] = (Segment(kind="range", bars=10),)
    seed: int = 0
    spread: int = 10
    first_day: datetime = FIRST_DAY
    missing_ask: tuple[int, ...] = field(default=())

    @property
    def bars(self) -> int:
        """Tradable bars."""
        return sum(s.bars for s in self.segments)

    @property
    def step(self) -> timedelta:
        return timedelta(minutes=TIMEFRAME_MINUTES[self.timeframe])

    @property
    def end_day(self) -> datetime:
        """The day after the last bar, so that no bar is cut off."""
        last = self.first_day + self.step * self.bars
        return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)


def _moves(shape: Shape, rng: np.random.Generator) -> tuple[Ticks, Ticks]:
    """(jump before the open, move from open to close) of each bar, in ticks."""
    unit = SYMBOLS[shape.symbol][2]
    jumps, bodies = [], []
    for segment in (Segment(kind="range", bars=shape.lead), *shape.segments):
        n, scale = segment.bars, unit * segment.size
        if n == 0:
            continue
        jump = np.zeros(n, dtype=np.int64)
        noise = rng.integers(-scale, scale + 1, n)
        if segment.kind == "flat":
            noise[:] = 0
        elif segment.kind == "trend_up":
            noise = np.abs(noise)
        elif segment.kind == "trend_down":
            noise = -np.abs(noise)
        elif segment.kind == "spike":
            noise[0] = 12 * scale * (1 if rng.integers(2) else -1)
        elif segment.kind == "gap":
            jump[0] = 15 * scale * (1 if rng.integers(2) else -1)
        elif n > 1:
            # A range returns to where it began.
            noise -= np.int64(noise.sum()) // n
        jumps.append(jump)
        bodies.append(noise)
    if not bodies:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(jumps), np.concatenate(bodies)


@dataclass(frozen=True)
class Built:
    """Bars of a shape: times in ns, bid and ask in ticks with shape (n, 4), and the index of the first tradable bar."""

    ts: Ticks
    bid: Ticks
    ask: Ticks
    scale: int
    lead: int

    def rows(self) -> list[list[float]]:
        """Rows as a case holds them."""
        out: list[list[float]] = []
        bid, ask = self.bid / self.scale, self.ask / self.scale
        for t, b, a in zip(self.ts.tolist(), bid.tolist(), ask.tolist(), strict=True):
            out.append([t, *b, *a, 1.0])
        return out

    def resample(self, step_ns: int) -> Built:
        """The same bars in a higher timeframe."""
        key = self.ts // step_ns
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        ends = np.r_[starts[1:], len(key)] - 1

        def side(x: Ticks) -> Ticks:
            high, low = np.maximum.reduceat(x[:, 1], starts), np.minimum.reduceat(x[:, 2], starts)
            return np.column_stack([x[starts, 0], high, low, x[ends, 3]])

        return Built(key[starts] * step_ns, side(self.bid), side(self.ask), self.scale, 0)


def build(shape: Shape) -> Built:
    """The bars of a shape; the same shape gives the same bars."""
    rng = np.random.default_rng(shape.seed)
    scale, start, unit = SYMBOLS[shape.symbol]
    jumps, bodies = _moves(shape, rng)
    n = len(bodies)
    path = start + np.cumsum(jumps + bodies)
    opens = path - bodies
    quiet = bodies == 0
    up, down = rng.integers(0, unit, n), rng.integers(0, unit, n)
    up[quiet] //= 4
    down[quiet] //= 4
    floor = scale // 100
    bid = np.column_stack([opens, np.maximum(opens, path) + up, np.minimum(opens, path) - down, path])
    bid = np.maximum(bid, floor)
    widening = np.where(rng.integers(0, 10, n) == 0, shape.spread, 0)
    spread = (shape.spread + widening)[:, None]
    ask = bid + spread
    step_ns = TIMEFRAME_MINUTES[shape.timeframe] * MINUTE_NS
    first = int(shape.first_day.timestamp()) * 1_000_000_000 - shape.lead * step_ns
    ts = first + np.arange(n, dtype=np.int64) * step_ns
    return Built(ts, bid, ask, scale, shape.lead)
