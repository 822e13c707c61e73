"""A case as a picture: bars, levels, and both engines' entries and exits over one another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import UNSET

from parity.harness.model.case import Case
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.trace_diff import first_divergence, traces

#: Colour and size of an engine's marks: the reference's large and hollow, the candidate's small and full inside them.
STYLES = (("#1f6feb", 130, False), ("#d1242f", 38, True))
FORMATS = (".png", ".svg", ".pdf")


def plot(
    case: Case, outcomes: tuple[Outcome | Refusal, Outcome | Refusal], path: Path, *, names: tuple[str, str]
) -> Path:
    """Draws the primary bars (bid), stops and targets, entries and exits of both engines, and where they part.

    Raises:
        ValueError: the file's suffix is none of FORMATS, or the case holds no bars of its own.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path.name}: a plot is one of {', '.join(FORMATS)}")
    timeframe = case.config["timeframes"]["primary"]
    bars = case.bars.get(timeframe)
    if bars is None:
        raise ValueError(f"case {case.id} holds no bars of its own")
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    place = {ts: i for i, ts in enumerate(bars.ts.tolist())}
    figure, axes = plt.subplots(figsize=(11, 5.5), layout="constrained")
    up = bars.bid[:, 3] >= bars.bid[:, 0]
    colours = ["#2da44e" if rises else "#8c959f" for rises in up]
    axes.vlines(range(len(bars)), bars.bid[:, 2], bars.bid[:, 1], colors=colours, linewidth=1)
    axes.bar(range(len(bars)), bars.bid[:, 3] - bars.bid[:, 0], 0.6, bars.bid[:, 0], color=colours)
    for name, outcome, style in zip(names, outcomes, STYLES, strict=True):
        for kind, (xs, ys) in _marks(outcome, place):
            colour, size, full = style
            axes.scatter(
                xs, ys, s=size, marker={"entry": "^", "exit": "X"}[kind], edgecolors=colour, zorder=3,
                facecolors=colour if full else "none", label=f"{name} {kind}", linewidths=1.6,
            )  # fmt: skip
    for row in outcomes[0].rows if isinstance(outcomes[0], Outcome) else ():
        start = place.get(row.trigger_time_ns or row.entry_time_ns, 0)
        end = place.get(getattr(row, "exit_time_ns", -1), len(bars) - 1)
        for level, colour in ((row.sl, "#cf222e"), (row.tp, "#1a7f37")):
            if level is not UNSET:
                axes.hlines([level], start, max(end, start + 1), colors=[colour], ls=":", lw=1)
    both = traces(*outcomes)
    divergence = None if both is None else first_divergence(*both)
    if divergence is not None and divergence.timestamp_ns in place:
        axes.axvline(place[divergence.timestamp_ns], color="#bf8700", lw=8, alpha=0.25, label="first divergence")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=f"{case.id}: {case.config['symbol']} {timeframe}", xlabel="bar", ylabel="price (bid bars)")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", fontsize=8)
    figure.savefig(path)
    plt.close(figure)
    return path


def _marks(outcome: Outcome | Refusal, place: dict[int, int]) -> Iterator[tuple[str, tuple[list[int], list[float]]]]:
    if isinstance(outcome, Refusal):
        return
    for kind, when, price in (("entry", "trigger_time_ns", "entry_price"), ("exit", "exit_time_ns", "exit_price")):
        found = [(place.get(getattr(row, when, -1)), getattr(row, price, UNSET)) for row in outcome.rows]
        shown = [(x, y) for x, y in found if x is not None and y is not UNSET]
        if shown:
            yield kind, ([x for x, _ in shown], [y for _, y in shown])
