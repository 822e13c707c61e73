"""A case as a picture: bars of both sides, levels, entries and exits of both engines, their gates, where they diverge.

Whole markets are cut to a window around the first divergence. Bars stand side by side without gaps; the axis says
their times.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import UNSET

from parity.harness.model.bars import MINUTE_NS, Bars
from parity.harness.model.case import Case
from parity.harness.model.events import Gate
from parity.harness.model.outcome import OpenPosition, Outcome, Refusal, Trade
from parity.harness.model.times import moment
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.trace_diff import first_divergence, traces
from parity.harness.triage.market import primary_bars
from parity.harness.triage.narrate import Sides, headline, refusal_words
from parity.harness.triage.words import number

FORMATS = (".png", ".svg", ".pdf")
#: Colour and size of an engine's marks: the reference's large and hollow, the candidate's small and full inside them.
STYLES = (("#1f6feb", 150, "none"), ("#d1242f", 42, "#d1242f"))
#: Bars before and after the divergence; orders whose marks and levels are labelled.
BEFORE, AFTER, LABELLED = 50, 40, 4
#: Minutes between ticks of the axis of time, and ticks at most.
ROUND, MOST_TICKS = (1, 5, 10, 15, 30, 60, 120, 240, 720, 1440, 10080), 12
#: Levels of a row: field, name, colour.
LEVELS = (("sl", "SL", "#cf222e"), ("tp", "TP", "#1a7f37"), ("entry_price", "entry", "#57606a"))
_BID, _ASK = "#57606a", "#d4a72c"
Row = Trade | OpenPosition


@dataclass(frozen=True, kw_only=True)
class Window:
    """The bars that are drawn, the place of each by its time, and the time of the first divergence."""

    bars: Bars
    place: dict[int, int]
    divergence: int | None


def plot(case: Case, sides: Sides, path: Path, differences: Sequence[Difference] = ()) -> Path:
    """Draws a case into a file whose suffix is one of FORMATS; ``differences`` are shown where traces are missing.

    Raises:
        ValueError: the file's suffix is none of FORMATS, or the case's bars cannot be read.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path.name}: a plot is one of {', '.join(FORMATS)}")
    window = _window(case, sides)
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    spans = [list(_spans(side.outcome, window)) for side in sides]
    height = 1 if any(spans) else 0
    with mpl.rc_context({"svg.fonttype": "none", "font.size": 9}):
        figure, panes = plt.subplots(
            1 + height, 1, figsize=(13, 7), layout="constrained", sharex=True, squeeze=False,
            height_ratios=[8, *([1] * height)],
        )  # fmt: skip
        axes = panes[0][0]
        _draw_bars(axes, window)
        _draw_orders(axes, sides, window)
        _draw_words(axes, case, sides, window, differences)
        if height:
            _draw_gates(panes[1][0], sides, spans, window)
        _label_axes(panes[-1][0], axes, case, window)
        figure.savefig(path, dpi=110)
        plt.close(figure)
    return path


def _window(case: Case, sides: Sides) -> Window:
    """All bars of a small case; of a large one those around the divergence, or around the first order."""
    bars = primary_bars(case)
    times = bars.ts.tolist()
    both = traces(*(side.outcome for side in sides))
    found = None if both is None else first_divergence(*both)
    middle = None if found is None else found.timestamp_ns
    if middle is None:
        middle = min((row.entry_time_ns for side in sides for row in _rows(side.outcome)), default=None)
    if len(times) > BEFORE + AFTER and middle is not None:
        at = min(range(len(times)), key=lambda i: abs(times[i] - middle))
        chosen = range(max(0, at - BEFORE), min(len(times), at + AFTER))
    else:
        chosen = range(min(len(times), BEFORE + AFTER))
    kept = bars.take(list(chosen))
    place = {ts: i for i, ts in enumerate(kept.ts.tolist())}
    return Window(bars=kept, place=place, divergence=None if found is None else found.timestamp_ns)


def _rows(outcome: Outcome | Refusal) -> Sequence[Row]:
    return outcome.rows if isinstance(outcome, Outcome) else ()


def _draw_bars(axes: Any, window: Window) -> None:
    """Candles: the bid on the left of each place, filled where it falls; the ask on the right."""
    for shift, prices, colour, name in ((-0.18, window.bars.bid, _BID, "bid"), (0.18, window.bars.ask, _ASK, "ask")):
        xs = [i + shift for i in range(len(prices))]
        low, high = prices[:, 2], prices[:, 1]
        bottom, body = prices[:, [0, 3]].min(axis=1), abs(prices[:, 3] - prices[:, 0])
        falls = prices[:, 3] < prices[:, 0]
        axes.vlines(xs, low, high, colors=colour, linewidth=0.9, label=f"{name} (filled: falls)")
        axes.bar(xs, body, 0.3, bottom, color=[colour if fall else "white" for fall in falls], edgecolor=colour,
                 linewidth=0.9)  # fmt: skip


def _draw_orders(axes: Any, sides: Sides, window: Window) -> None:
    """Entries and exits as marks with the order's number, levels as lines with their prices."""
    shown = _labelled(sides, window)
    marked: dict[tuple[int, float, str, str], list[int]] = {}
    for engine, side in enumerate(sides):
        colour, size, face = STYLES[engine]
        for kind, marker in (("entry", "^"), ("exit", "X")):
            marks = [mark for row in _rows(side.outcome) for mark in _marks(row, kind, window)]
            if not marks:
                continue
            axes.scatter([x for x, _, _ in marks], [y for _, y, _ in marks], s=size, marker=marker, edgecolors=colour,
                         facecolors=face, zorder=4, label=f"{side.name}: {kind}", linewidths=1.6)  # fmt: skip
            for x, y, row in marks:
                if row.order_id in shown:
                    marked.setdefault((x, y, kind, _words(row, kind)), []).append(engine)
    for (x, y, kind, words), engines in marked.items():
        _label_mark(axes, x, y, kind, words, engines)
    _draw_levels(axes, _levels(sides, window), shown, window, (sides[0].name, sides[1].name))


def _labelled(sides: Sides, window: Window) -> set[int]:
    """The orders nearest to the divergence: a label for each order of a long market could not be read."""
    middle = window.divergence if window.divergence is not None else 0
    rows = [row for side in sides for row in _rows(side.outcome) if _span(row, window) is not None]
    nearest = sorted(rows, key=lambda row: min(abs(time - middle) for time in _times(row)))
    return set(list(dict.fromkeys(row.order_id for row in nearest))[:LABELLED])


def _times(row: Row) -> list[int]:
    times = (row.entry_time_ns, row.trigger_time_ns, getattr(row, "exit_time_ns", None))
    return [time for time in times if isinstance(time, int)]


def _span(row: Row, window: Window) -> tuple[int, int] | None:
    """First and last place of an order in the window; None where it lies outside."""
    times = window.bars.ts
    first, last = min(_times(row)), max(_times(row)) if isinstance(row, Trade) else int(times[-1])
    if last < times[0] or first > times[-1]:
        return None
    inside = [i for i, ts in enumerate(times.tolist()) if first <= ts <= last]
    return (inside[0], inside[-1]) if inside else None


def _marks(row: Row, kind: str, window: Window) -> Iterator[tuple[int, float, Row]]:
    when = row.trigger_time_ns if kind == "entry" else getattr(row, "exit_time_ns", UNSET)
    price = row.entry_price if kind == "entry" else getattr(row, "exit_price", UNSET)
    if isinstance(when, int) and isinstance(price, float) and when in window.place:
        yield window.place[when], price, row


def _words(row: Row, kind: str) -> str:
    reason = getattr(row, "reason", UNSET)
    return f"#{row.order_id} {row.direction}" if kind == "entry" else f"#{row.order_id} {reason or 'exit'}"


def _label_mark(axes: Any, x: int, y: float, kind: str, words: str, engines: Sequence[int]) -> None:
    """Entries on the left of their mark, exits on the right; the reference's a little above, the candidate's below."""
    up, colour = ((8, -8)[engines[0]], STYLES[engines[0]][0]) if len(engines) == 1 else (0, "#1f2328")
    align, right = ("right", -10) if kind == "entry" else ("left", 10)
    axes.annotate(words, (x, y), xytext=(right, up), textcoords="offset points", fontsize=7.5, color=colour, ha=align,
                  va="center", zorder=3.5,
                  bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Level:
    """A level of an order: what it is called and where it is drawn; ``engines`` are those that have it."""

    order: int
    words: str
    colour: str
    price: float
    first: int
    last: int
    engines: tuple[int, ...]


def _levels(sides: Sides, window: Window) -> list[Level]:
    """Every level once, however many engines have it."""
    out: dict[tuple[int, str, float], Level] = {}
    for engine, side in enumerate(sides):
        for row in _rows(side.outcome):
            span = _span(row, window)
            for field, words, colour in LEVELS if span else ():
                price = getattr(row, field)
                if not isinstance(price, float) or span is None:
                    continue
                known = out.get((row.order_id, field, price))
                engines = (*known.engines, engine) if known else (engine,)
                first, last = (min(known.first, span[0]), max(known.last, span[1])) if known else span
                out[row.order_id, field, price] = Level(
                    order=row.order_id, words=words, colour=colour, price=price, first=first, last=last, engines=engines
                )
    return list(out.values())


def _draw_levels(axes: Any, levels: Sequence[Level], shown: set[int], window: Window, names: tuple[str, str]) -> None:
    """Lines, and their labels in a column on the right, pushed apart where they would cover one another."""
    for level in levels:
        axes.hlines([level.price], level.first - 0.4, level.last + 0.4, colors=[level.colour], ls=":", lw=1.2, zorder=3,
                    alpha=1.0 if level.order in shown else 0.35)  # fmt: skip
    labelled = sorted((level for level in levels if level.order in shown), key=lambda level: level.price)
    bottom, top = axes.get_ylim()
    room, below = 0.03 * (top - bottom), bottom
    edge = len(window.bars) - 0.2
    places = []
    for level in labelled:
        below = max(level.price, below + room)
        places.append(below)
    excess = max(0.0, below - (top - room)) if labelled else 0.0
    for level, y in zip(labelled, places, strict=True):
        own = "" if len(level.engines) == 2 else f" ({names[level.engines[0]]})"
        axes.plot([level.last + 0.4, edge], [level.price, y - excess], color=level.colour, lw=0.4, alpha=0.5, zorder=2)
        axes.text(edge, y - excess, f" #{level.order} {level.words} {number(level.price)}{own}", fontsize=7.5,
                  va="center", color=level.colour)  # fmt: skip


def _draw_words(axes: Any, case: Case, sides: Sides, window: Window, differences: Sequence[Difference]) -> None:
    """The title; the first divergence as its second line and as a mark; refusals in the middle of the picture."""
    title = f"{case.id}: {case.config['symbol']} {case.primary}"
    refused = any(isinstance(side.outcome, Refusal) for side in sides)
    if window.divergence is not None or differences:
        told = refusal_words(sides) if refused else headline(case, sides, differences)[0]
        title = "\n".join([title, *textwrap.wrap(told, 165)])
    axes.set_title(title, fontsize=9.5, loc="left")
    if refused:
        axes.text(
            0.5, 0.5, "\n".join(textwrap.wrap(refusal_words(sides), 70)), transform=axes.transAxes, ha="center",
            va="center", fontsize=13, bbox={"facecolor": "white", "edgecolor": "#cf222e", "pad": 8}, zorder=6,
        )  # fmt: skip
    if window.divergence in window.place:
        axes.axvspan(window.place[window.divergence] - 0.5, window.place[window.divergence] + 0.5, color="#bf8700",
                     alpha=0.22, lw=0, zorder=0, label="first divergence")  # fmt: skip
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)


def _spans(outcome: Outcome | Refusal, window: Window) -> Iterator[tuple[int, int, str]]:
    """(first place, last place, gate) of each stretch of bars on which one gate stops an engine."""
    if not isinstance(outcome, Outcome) or outcome.events is UNSET:
        return
    stops = {window.place[e.timestamp_ns]: e.gate for e in outcome.events
             if isinstance(e, Gate) and e.timestamp_ns in window.place}  # fmt: skip
    for _, stretch in groupby(sorted(stops), key=lambda i: (stops[i], i - sorted(stops).index(i))):
        places = list(stretch)
        yield places[0], places[-1], stops[places[0]]


def _draw_gates(axes: Any, sides: Sides, spans: Sequence[Sequence[tuple[int, int, str]]], window: Window) -> None:
    """A strip for each engine, shaded while a gate stops it."""
    for engine, found in enumerate(spans):
        row, colour = 1 - engine, STYLES[engine][0]
        for first, last, gate in found:
            axes.broken_barh([(first - 0.5, last - first + 1)], (row - 0.4, 0.8), color=colour, alpha=0.18)
            width = 0.011 * len(gate) * len(window.place) / 2 + 1  # of the label, in bars
            if last - first + 1 > width:
                _label_gate(axes, (first + last) / 2, row, gate, colour, "center")
            elif all(not last < other <= last + width for other, _, _ in found):
                _label_gate(axes, last + 0.7, row, gate, colour, "left")
    axes.set_yticks([1, 0], [f"{side.name} stopped by" for side in sides], fontsize=8)
    axes.set_ylim(-0.6, 1.6)
    if window.divergence in window.place:
        axes.axvspan(window.place[window.divergence] - 0.5, window.place[window.divergence] + 0.5, color="#bf8700",
                     alpha=0.22, lw=0, zorder=0)  # fmt: skip


def _ticks(times: Sequence[int]) -> list[int]:
    """Places of at most MOST_TICKS bars that open at round times."""
    for minutes in ROUND:
        found = [i for i, ts in enumerate(times) if ts % (minutes * MINUTE_NS) == 0]
        if 2 <= len(found) <= MOST_TICKS:
            return found
    return list(range(0, len(times), max(1, -(-len(times) // MOST_TICKS))))


def _label_gate(axes: Any, x: float, y: float, gate: str, colour: str, align: str) -> None:
    axes.text(x, y, gate.replace("_", " "), fontsize=7, va="center", ha=align, color=colour)


def _label_axes(bottom: Any, axes: Any, case: Case, window: Window) -> None:
    """Times below, the date where it changes; prices with the digits of the symbol's tick and without an offset."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    texts, before = [], ""
    places = _ticks(window.bars.ts.tolist())
    for i in places:
        day, clock = moment(int(window.bars.ts[i])).split(" ", 1)
        texts.append(clock if day == before else f"{clock}\n{day}")
        before = day
    bottom.xaxis.set_major_locator(FixedLocator(places))
    bottom.xaxis.set_major_formatter(FixedFormatter(texts))
    bottom.set_xlabel("time of the bar's open (UTC)")
    tick = (case.specs or {}).get(case.config["symbol"], {}).get("tick_size", 1e-5)
    digits = max(0, len(f"{tick:.10f}".rstrip("0").split(".")[1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.{digits}f}"))
    axes.set_ylabel(f"price of {case.config['symbol']}")
    count = len(window.bars)
    axes.set_xlim(-1, count + max(1.0, 0.17 * count))
    axes.grid(axis="y", color="#eaeef2", zorder=0)
