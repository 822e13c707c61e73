"""The primary bars of a case, from the case itself or from the files of its data root."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from parity.harness.model.bars import Bars
from parity.harness.model.case import Case


def primary_bars(case: Case, root: Path | None = None) -> Bars:
    """Bars that both sides have, in order of time, one for each time; ``root`` is where the files lie.

    Raises:
        ValueError: neither the case nor its data root holds bars of its primary timeframe.
    """
    timeframe = str(case.config["timeframes"]["primary"])
    bars = case.bars.get(timeframe)
    if bars is None:
        folder = root or (None if case.data_root is None else Path(case.data_root))
        if folder is None:
            raise ValueError(f"case {case.id} holds no bars of its own and no data root")
        bars = _read(folder, str(case.config["symbol"]), timeframe)
    # Of rows with one time the last one counts.
    last = {ts: i for i, ts in enumerate(bars.ts.tolist())}
    rows = [last[ts] for ts in sorted(last) if not np.isnan(bars.bid[last[ts], 0] + bars.ask[last[ts], 0])]
    return bars.take(rows)


def _read(root: Path, symbol: str, timeframe: str) -> Bars:
    """Both sides of one timeframe, joined by time."""
    sides = {}
    for side in ("BID", "ASK"):
        path = root / symbol / f"{symbol}_{timeframe}_{side}.parquet"
        try:
            table = pq.read_table(path)
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror or 'cannot be read'}") from error
        ts = table.column(0).cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()).to_numpy()
        sides[side] = ts, np.column_stack([table.column(name).to_numpy() for name in ("Open", "High", "Low", "Close")])
    ts, bid_rows, ask_rows = np.intersect1d(sides["BID"][0], sides["ASK"][0], return_indices=True)
    bid: npt.NDArray[np.float64] = sides["BID"][1][bid_rows]
    return Bars(ts, bid, sides["ASK"][1][ask_rows], np.ones(len(ts)))
