"""The boundary before and after as a picture: calls, time and its share, for every run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.harness.boundary.before_after import BeforeAfter

COLOURS = ("#1f6feb", "#d1242f")


def plot_boundary(rows: Sequence[BeforeAfter], path: Path) -> Path:
    """Draws one row per run, V1 above V2, by scenario and number of bars; PNG, SVG or PDF by the suffix.

    Raises:
        ValueError: there is no run to draw.
        ImportError: matplotlib is not installed.
    """
    if not rows:
        raise ValueError("no run's boundary was measured")
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = sorted(rows, key=lambda row: (row.scenario, row.bars, row.name), reverse=True)
    figure, panels = plt.subplots(
        1, 3, sharey=True, figsize=(13, 1.5 + 0.42 * len(rows)), layout="constrained", squeeze=False
    )
    shown: list[tuple[str, list[tuple[float, float]], bool]] = [
        ("calls over the boundary", [(row.v1.calls, row.v2.calls) for row in rows], True),
        ("ms for the whole run", [(1000 * row.v1.seconds, 1000 * row.v2.seconds) for row in rows], True),
        ("share of it at the boundary, %", [(100 * row.v1.share, 100 * row.v2.share) for row in rows], False),
    ]
    for axes, (title, values, logarithmic) in zip(panels[0], shown, strict=True):
        for engine, colour in enumerate(COLOURS):
            places = [i + 0.2 - 0.4 * engine for i in range(len(rows))]
            axes.barh(places, [pair[engine] for pair in values], 0.38, color=colour, label=f"V{engine + 1}")
        if logarithmic:
            axes.set_xscale("log")
        axes.set_title(title)
        axes.grid(axis="x", alpha=0.3)
    names = [f"{row.name} (scenario {row.scenario}, {row.bars:,} bars, {row.speed_up:.0f}x)" for row in rows]
    panels[0][0].set_yticks(range(len(rows)), names)
    panels[0][0].legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
    return path
