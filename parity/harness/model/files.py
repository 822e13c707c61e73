"""The files an engine reads a case from: Parquet candles, YAML costs and symbols, the news calendar."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from parity.harness.model.bars import Bars
from parity.harness.model.case import Case, CaseError


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A case whose files are on disk."""

    case: Case
    data_root: Path
    costs_file: Path
    specs_file: Path
    news_csv: Path
    news_parquet: Path


_CANDLE = pa.schema(
    [("UTC time", pa.timestamp("ns", tz="UTC"))]
    + [(n, pa.float64()) for n in ("Open", "High", "Low", "Close", "Volume")]
)
_NEWS = pa.schema(
    [("UTC time", pa.timestamp("ns", tz="UTC"))] + [(n, pa.string()) for n in ("Id", "Name", "Impact", "Currency")]
)


def write_candles(path: Path, columns: list[Any]) -> None:
    """Writes one side: times in ns, then open, high, low, close, volume."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
    arrays = [pa.array(columns[0], type=pa.int64()).cast(_CANDLE.field(0).type)]
    arrays += [pa.array(column, type=pa.float64()) for column in columns[1:]]
    table = pa.Table.from_arrays(arrays, schema=_CANDLE)
    pq.write_table(table, str(path), compression="none", use_dictionary=False, write_statistics=False)


#: Symbols that files can be named after. Which of them are allowed is for the engines to judge.
_SYMBOL = re.compile(r"[A-Za-z0-9]{1,40}")
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _once(folder: Path, kind: str, content: Mapping[str, Any] | None) -> Path:
    """A YAML file named by its content: written once for any number of cases; None is a file that is missing."""
    if content is None:
        return folder / f"no-{kind}.yaml"
    text = json.dumps(content, sort_keys=True)
    path = folder / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    if not path.exists():
        path.write_text(yaml.dump(json.loads(text), Dumper=_DUMPER), encoding="utf-8")
    return path


def write_news(folder: Path, news: tuple[tuple[str, str, str], ...]) -> tuple[Path, Path]:
    """The calendar for both engines: CSV for V1, Parquet for V2. Rows are (ISO time, currency, impact)."""
    digest = hashlib.sha256(repr(news).encode()).hexdigest()[:16]
    as_csv, as_parquet = folder / f"news-{digest}.csv", folder / f"news-{digest}.parquet"
    if as_csv.exists() and as_parquet.exists():
        return as_csv, as_parquet
    rows = sorted(news)
    with as_csv.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["Start", "Currency", "Impact", "Name", "Id"])
        writer.writerows([start, currency, impact, "event", str(i)] for i, (start, currency, impact) in enumerate(rows))
    times = pa.array([start for start, _, _ in rows], type=pa.string())
    columns = [
        times.cast(pa.timestamp("ns")).cast(pa.int64()).cast(_NEWS.field(0).type),
        pa.array([str(i) for i in range(len(rows))], type=pa.string()),
        pa.array(["event"] * len(rows), type=pa.string()),
        pa.array([impact for _, _, impact in rows], type=pa.string()),
        pa.array([currency for _, currency, _ in rows], type=pa.string()),
    ]
    pq.write_table(pa.Table.from_arrays(columns, schema=_NEWS), str(as_parquet))
    return as_csv, as_parquet


#: Series of bars, and markets made of them, on disk at a time; cases that share one are drawn one after another.
_KEPT = 24
_written = itertools.count(1)


def _series(folder: Path, bars: Bars) -> Path:
    """The two sides of one timeframe, named by their content."""
    digest = hashlib.sha256()
    for column in (bars.ts, bars.bid, bars.ask, bars.volume):
        digest.update(column.tobytes())
    path = folder / digest.hexdigest()[:24]
    if path.exists():
        os.utime(path)  # in use: not among the oldest
    else:
        _forget_old(folder)
        for side in ("bid", "ask"):
            ts, prices, volume = bars.side(side)
            write_candles(path / side, [ts, *prices.T, volume])
    return path


def _forget_old(folder: Path) -> None:
    if next(_written) % 16 or not folder.exists():
        return
    known = sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime_ns)
    for old in known[: max(0, len(known) + 1 - _KEPT)]:
        shutil.rmtree(old)


def _market(folder: Path, case: Case) -> Path:
    """A data root with the bars of a case."""
    series = {timeframe: _series(folder / "series", bars) for timeframe, bars in case.bars.items()}
    symbol = case.config["symbol"]
    if not _SYMBOL.fullmatch(symbol):
        raise CaseError(f"config.symbol: {symbol[:60]!r} is no file name of letters and digits")
    name = "-".join(f"{timeframe}.{path.name}" for timeframe, path in series.items())
    root = folder / "markets" / f"{symbol}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    if root.exists():
        os.utime(root)
    else:
        _forget_old(folder / "markets")
        (root / symbol).mkdir(parents=True)
        for timeframe, path in series.items():
            for side in ("bid", "ask"):
                os.link(path / side, root / symbol / f"{symbol}_{timeframe}_{side.upper()}.parquet")
    return root


def prepare(case: Case, folder: Path) -> Prepared:
    """Writes the files of a case below ``folder``; files that several cases share are written once.

    The market of a case stays until ``_KEPT`` others have been written after it.

    Raises:
        ValueError: a text of the case is no file name or no time.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
    if case.bars:
        root = _market(folder, case)
    elif case.data_root is not None:
        root = Path(case.data_root)
    else:
        raise ValueError(f"case {case.id} has neither bars nor a data root")
    news_csv, news_parquet = write_news(folder, case.news)
    return Prepared(
        case=case,
        data_root=root,
        costs_file=_once(folder, "costs", case.costs),
        specs_file=_once(folder, "specs", case.specs),
        news_csv=news_csv,
        news_parquet=news_parquet,
    )
