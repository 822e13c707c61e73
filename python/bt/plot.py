"""A result as a picture: price with entries and exits, equity, drawdown. Needs matplotlib (extra ``plot``)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from bt.errors import BtError
from bt.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Picture", "PlotError", "load", "plot"]

FORMATS = (".png", ".svg", ".pdf")
#: Points a line is thinned to; more than a picture has columns of pixels shows nothing more.
POINTS = 4_000

Times = npt.NDArray[np.datetime64]


class PlotError(BtError):
    """There is nothing to draw, or nothing to draw it with."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is drawn. Times UTC, prices in quote currency, money in account currency."""

    title: str
    trades: list[dict[str, Any]]
    times: Times
    equity: npt.NDArray[np.float64]
    drawdown: npt.NDArray[np.float64]
    currency: str
    price: tuple[Times, npt.NDArray[np.float64]] | None


def load(path: Path) -> Picture:
    """A result from a file with its JSON, or from a folder of artefacts.

    Raises:
        PlotError: there is no result there.
    """
    try:
        if path.is_dir():
            meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
            trades = json.loads((path / "trades.json").read_text(encoding="utf-8"))
            return _picture(meta, trades, pc.read_csv(path / "equity.csv"))
        result = Result.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlotError(f"{error.filename} does not exist") from error
    except (ValueError, KeyError, pa.ArrowInvalid) as error:
        raise PlotError(f"{path} is not a result: {error}") from error
    return of(result)


def of(result: Result) -> Picture:
    """The picture of a result."""
    columns = result.equity
    stamps = columns["time"].cast(pa.int64())
    return _picture(result.meta, result.raw["trades"], columns.append_column("timestamp_ns", stamps))


def _picture(meta: dict[str, Any], trades: list[dict[str, Any]], equity: pa.Table) -> Picture:
    config, dataset = meta["config"]["normalised"], meta["dataset"]
    return Picture(
        title=f"{config['strategy_name']} on {dataset['symbol']} {dataset['timeframe']}, run {meta['run_id']}",
        trades=trades,
        times=equity["timestamp_ns"].to_numpy().astype("datetime64[ns]"),
        equity=equity["equity"].to_numpy(),
        drawdown=equity["drawdown"].to_numpy(),
        currency=config["account"]["account_currency"],
        price=_price(dataset, config["start_date"]),
    )


def _price(dataset: dict[str, Any], start: str) -> tuple[Times, npt.NDArray[np.float64]] | None:
    """Bid closes of the run, when its file is still there."""
    root = Path(os.environ.get("OMEGA_DATA_PARQUET_ROOT") or "data/parquet")
    path = root / dataset["symbol"] / f"{dataset['symbol']}_{dataset['timeframe']}_BID.parquet"
    if not path.is_file() or dataset["last_ns"] is None:
        return None
    table = pq.read_table(path, columns=["UTC time", "Close"])
    times = table["UTC time"].cast(pa.int64()).to_numpy()
    first = max(dataset["first_ns"], int(np.datetime64(start, "ns").astype(np.int64)))
    inside = (times >= first) & (times <= dataset["last_ns"])
    return times[inside].astype("datetime64[ns]"), table["Close"].to_numpy()[inside]


def _thin(times: Times, *columns: npt.NDArray[np.float64]) -> tuple[Any, ...]:
    """Every column at the first, lowest and highest point of each stretch, so that no spike is lost."""
    if len(times) <= POINTS:
        return (times, *columns)
    keep = set()
    for stretch in np.array_split(np.arange(len(times)), POINTS // (2 * len(columns) + 1)):
        keep.add(int(stretch[0]))
        for column in columns:
            keep |= {int(stretch[np.argmin(column[stretch])]), int(stretch[np.argmax(column[stretch])])}
    chosen = np.array(sorted(keep | {len(times) - 1}))
    return (times[chosen], *(column[chosen] for column in columns))


def _draw_price(axes: Axes, picture: Picture) -> None:
    assert picture.price is not None
    times, closes = _thin(*picture.price)
    axes.plot(times, closes, color="0.45", linewidth=0.7, label="bid close")
    entries, exits = (
        np.array([t[key] for t in picture.trades], dtype="datetime64[ns]")
        for key in ("trigger_time_ns", "exit_time_ns")
    )
    prices = {key: np.array([t[key] for t in picture.trades], dtype=float) for key in ("entry_price", "exit_price")}
    longs = np.array([t["direction"] == "long" for t in picture.trades], dtype=bool)
    won = np.array([t["result"] > 0 for t in picture.trades], dtype=bool)
    for chosen, marker, colour, label in (
        (longs, "^", "tab:blue", "long entry"),
        (~longs, "v", "tab:orange", "short entry"),
    ):
        axes.scatter(
            entries[chosen], prices["entry_price"][chosen], s=16, marker=marker, color=colour, label=label, zorder=3
        )
    for chosen, colour, label in ((won, "tab:green", "exit with a gain"), (~won, "tab:red", "exit with a loss")):
        axes.scatter(exits[chosen], prices["exit_price"][chosen], s=14, marker="x", color=colour, label=label, zorder=3)
    axes.set_ylabel("price")
    axes.legend(loc="upper left", fontsize="x-small", ncols=3)


def figure(picture: Picture) -> Figure:
    """The figure: price (where the data is there), equity, drawdown.

    Raises:
        PlotError: matplotlib is missing, or the result has no equity points.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotError("matplotlib is missing: pip install 'omega-bt[plot]'") from error
    if len(picture.times) == 0:
        raise PlotError("the result has no equity points: run it with output.equity set to trades or bars")
    panels = 3 if picture.price is not None else 2
    out = Figure(figsize=(11, 2.6 * panels), layout="constrained")
    axes = out.subplots(panels, 1, sharex=True, height_ratios=[2, 1, 1][-panels:])
    if picture.price is not None:
        _draw_price(axes[0], picture)
    times, equity, drawdown = _thin(picture.times, picture.equity, picture.drawdown)
    axes[-2].step(times, equity, where="post", color="tab:blue", linewidth=0.9)
    axes[-2].set_ylabel(f"equity, {picture.currency}")
    axes[-1].fill_between(times, -100 * drawdown, step="post", color="tab:red", alpha=0.5)
    axes[-1].set_ylabel("drawdown, %")
    axes[-1].set_xlabel("UTC")
    out.suptitle(f"{picture.title}: {len(picture.trades)} trades")
    return out


def plot(source: Result | Path, target: Path) -> Path:
    """Draws a result, or the result at a path, into ``target`` (``.png``, ``.svg`` or ``.pdf``); returns the file.

    Raises:
        PlotError: there is nothing to draw, nothing to draw with, or the ending is none of these.
    """
    if target.suffix.lower() not in FORMATS:
        raise PlotError(f"{target}: the file must end in {', '.join(FORMATS)}")
    drawn = figure(of(source) if isinstance(source, Result) else load(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}.partial{target.suffix}")
    # Without a date the same result gives the same file.
    drawn.savefig(temporary, dpi=110, metadata={"Date": None} if target.suffix.lower() == ".svg" else None)
    temporary.replace(target)
    return target
