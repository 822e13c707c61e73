"""Vendors' CSV files -> the candle files that V2 reads, with a report of what was found.

A file is written only when it passes the rules of V2's governance; a report names rows by their number in the CSV.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as typed_compute
import pyarrow.csv as pc
import pyarrow.parquet as pq

from bt.errors import BtError

__all__ = ["VENDORS", "ConvertError", "Report", "convert_data"]

#: The stubs of pyarrow know only some of the overloads used here.
compute: Any = typed_compute

MINUTES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440, "W1": 10_080}
_NS = pa.timestamp("ns", tz="UTC")
_PRICES = ("Open", "High", "Low", "Close")
#: Findings shown by row before the rest is only counted.
SHOWN = 5


class ConvertError(BtError):
    """A file cannot be converted; nothing was written."""

    code = 1005


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """How a vendor writes candles. ``columns`` empty: a header names them."""

    describes: str
    delimiter: str
    columns: tuple[str, ...]
    formats: tuple[str, ...]
    zone: str


VENDORS: dict[str, Vendor] = {
    "histdata": Vendor(
        describes="HistData.com ASCII M1: 20240102 170000;1.1;...;0, in EST without daylight saving",
        delimiter=";",
        columns=("time", "open", "high", "low", "close", "volume"),
        formats=("%Y%m%d %H%M%S",),
        zone="Etc/GMT+5",
    ),
    "dukascopy": Vendor(
        describes="Dukascopy JForex export: Gmt time or UTC, day first, with a header",
        delimiter=",",
        columns=(),
        formats=("%d.%m.%Y %H:%M:%S.000", "%d.%m.%Y %H:%M:%S.000 UTC", "%Y.%m.%d %H:%M:%S"),
        zone="UTC",
    ),
    "metatrader4": Vendor(
        describes="MetaTrader 4 history export: 2024.01.02,17:00,open,high,low,close,volume, in server time",
        delimiter=",",
        columns=("date", "clock", "open", "high", "low", "close", "volume"),
        formats=("%Y.%m.%d %H:%M",),
        zone="",
    ),
    "metatrader5": Vendor(
        describes="MetaTrader 5 bar export: <DATE> <TIME> <OPEN> ... <SPREAD>, tabs, in server time",
        delimiter="\t",
        columns=(),
        formats=("%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y.%m.%d"),
        zone="",
    ),
    "generic": Vendor(
        describes="a header with time (or date and time), open, high, low, close and perhaps volume; ISO 8601",
        delimiter=",",
        columns=(),
        formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"),
        zone="UTC",
    ),
}
_ALIASES = {
    "gmt time": "time", "utc": "time", "timestamp": "time", "datetime": "time", "local time": "time",
    "utc time": "time",
    "<date>": "date", "<time>": "clock", "<open>": "open", "<high>": "high", "<low>": "low", "<close>": "close",
    "<tickvol>": "volume", "<spread>": "spread", "vol": "volume", "tick_volume": "volume", "tickvol": "volume",
}  # fmt: skip


@dataclass(kw_only=True)
class Report:
    """What was read, found and written."""

    source: str
    target: str = ""
    vendor: str = ""
    rows_read: int = 0
    rows_written: int = 0
    first: str | None = None
    last: str | None = None
    duplicates: int = 0
    sorted: bool = False
    off_grid: int = 0
    gaps: int = 0
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        """A few lines for people."""
        lines = [f"{self.source}: {self.rows_read} rows ({self.vendor})"]
        if self.first:
            lines.append(f"  from {self.first} to {self.last}")
        lines.append(
            f"  equal duplicates dropped {self.duplicates}, times off the grid {self.off_grid}, "
            f"weekday bars missing {self.gaps}" + (", rows sorted by time" if self.sorted else "")
        )
        lines += [f"  FAULT {fault}" for fault in self.faults]
        lines.append(f"  wrote {self.rows_written} rows to {self.target}" if self.target else "  wrote nothing")
        return "\n".join(lines)


def detect(path: Path) -> str:
    """The vendor whose format the first lines of a file have.

    Raises:
        ConvertError: none fits.
    """
    lines = head_lines(path)
    head = lines[0].lower()
    if head.startswith("<date>"):
        return "metatrader5"
    if head.startswith(("gmt time", "utc,", "local time")) or (head.startswith("time") and "." in lines[-1][:6]):
        return "dukascopy"
    if head.count(";") == 5 and head[:8].isdigit():
        return "histdata"
    if head[:4].isdigit() and head[4:5] == "." and head.count(",") == 6:
        return "metatrader4"
    if "open" in head and "close" in head:
        return "generic"
    raise ConvertError(f"{path}: no vendor's format fits its first line {lines[0][:80]!r}; name it with --vendor")


def head_lines(path: Path) -> list[str]:
    """The first lines of a file; at least one.

    Raises:
        ConvertError: the file cannot be read or is empty.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as handle:
            lines = [line.rstrip("\r\n") for line in (handle.readline() for _ in range(3)) if line.strip()]
    except OSError as error:
        raise ConvertError(f"{path}: {error.strerror}") from error
    if not lines:
        raise ConvertError(f"{path} is empty")
    return lines


def _read(path: Path, vendor: Vendor) -> pa.Table:
    options = pc.ReadOptions(column_names=list(vendor.columns) or None)
    text = pa.string()
    head = list(vendor.columns) or head_lines(path)[0].split(vendor.delimiter)
    kinds = {name: text for name in head if _name(name) in ("time", "date", "clock")}
    try:
        table = pc.read_csv(
            path,
            read_options=options,
            parse_options=pc.ParseOptions(delimiter=vendor.delimiter),
            convert_options=pc.ConvertOptions(column_types=kinds, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise ConvertError(f"{path}: {error}") from error
    table = table.rename_columns([_name(name) for name in table.column_names])
    if "date" in table.column_names and "time" in table.column_names:
        table = table.rename_columns(["clock" if name == "time" else name for name in table.column_names])
    missing = [name for name in ("open", "high", "low", "close") if name not in table.column_names]
    if missing:
        raise ConvertError(f"{path}: no column {', '.join(missing)}; the file has {', '.join(table.column_names)}")
    return table


def _name(column: str) -> str:
    plain = column.strip().strip('"').lower()
    return _ALIASES.get(plain, plain)


def _times(table: pa.Table, vendor: Vendor, path: Path) -> npt.NDArray[np.int64]:
    """Local times as ns since the epoch, as if they were UTC."""
    if "time" in table.column_names:
        text = table["time"]
    elif "date" in table.column_names and "clock" in table.column_names:
        text = compute.binary_join_element_wise(table["date"], table["clock"], " ")
    elif "date" in table.column_names:
        text = table["date"]
    else:
        raise ConvertError(f"{path}: no column with times; the file has {', '.join(table.column_names)}")
    for shape in vendor.formats:
        parsed = compute.strptime(text, format=shape, unit="s", error_is_null=True)
        if parsed.null_count == 0:
            seconds: npt.NDArray[np.int64] = parsed.cast(pa.int64()).to_numpy()
            return seconds * 1_000_000_000
    nulls = compute.strptime(text, format=vendor.formats[0], unit="s", error_is_null=True).is_null().to_numpy()
    row = int(np.argmax(nulls))
    raise ConvertError(
        f"{path}, row {row + 1}: time {text[row].as_py()!r} is not of the form {' or '.join(vendor.formats)}"
    )


def _to_utc(local: npt.NDArray[np.int64], zone: tzinfo, path: Path) -> npt.NDArray[np.int64]:
    name = str(zone)
    if name == "UTC":
        return local
    naive = pa.array(local).cast(pa.timestamp("ns"))
    try:
        aware = compute.assume_timezone(naive, timezone=name, ambiguous="earliest", nonexistent="raise")
    except pa.ArrowInvalid as error:
        raise ConvertError(f"{path}: a time does not exist in {name}: {error}") from error
    converted: npt.NDArray[np.int64] = aware.cast(pa.int64()).to_numpy()
    return converted


def _zone(name: str, vendor: str) -> tzinfo:
    if not name:
        raise ConvertError(f"{vendor} files are in the server's time: say which with --tz, e.g. --tz Europe/Helsinki")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConvertError(f"there is no time zone {name!r}") from error


def _faults(
    times: npt.NDArray[np.int64],
    prices: npt.NDArray[np.float64],
    volume: npt.NDArray[np.float64],
    numbers: npt.NDArray[np.int64],
) -> list[str]:
    """Broken rules of governance with the first rows of each, by their numbers in the file."""
    opens, high, low, close = prices.T
    same = np.r_[False, times[1:] == times[:-1]]
    rules: list[tuple[str, Any]] = [
        ("price missing or not above 0", ~(np.isfinite(prices) & (prices > 0)).all(axis=1)),
        ("high below open, close or low", (high < np.maximum(opens, close)) | (high < low)),
        ("low above open or close", low > np.minimum(opens, close)),
        ("volume missing or negative", ~(np.isfinite(volume) & (volume >= 0))),
        ("time comes twice with different prices", same),
    ]
    out = []
    for rule, broken in rules:
        rows = np.flatnonzero(broken)
        if len(rows):
            shown = ", ".join(str(numbers[row]) for row in rows[:SHOWN]) + (", ..." if len(rows) > SHOWN else "")
            out.append(f"{rule}: {len(rows)} rows (row {shown})")
    return out


def iso_utc(ns: int) -> str:
    """ISO 8601, to the second."""
    return f"{np.datetime64(ns, 'ns').astype('datetime64[s]')}Z"


def _require(symbol: str, timeframe: str, side: str) -> None:
    """Refuses what cannot name a candle file."""
    if timeframe not in MINUTES:
        raise ConvertError(f"timeframe {timeframe!r} is none of {', '.join(MINUTES)}")
    if side not in ("BID", "ASK"):
        raise ConvertError(f"side {side!r} is neither BID nor ASK")
    if not (3 <= len(symbol) <= 20 and symbol.isascii() and symbol.isalnum()):
        raise ConvertError(f"symbol {symbol!r} is not 3 to 20 letters and digits")


def convert_data(
    source: Path,
    root: Path,
    *,
    symbol: str,
    timeframe: str,
    side: str,
    vendor: str = "auto",
    zone: str = "",
    label: str = "open",
    spread: float = 0.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Converts one CSV into ``root/SYMBOL/SYMBOL_TF_SIDE.parquet``.

    ``zone`` is the time zone of the file's times, ``label`` whether they are a bar's ``open`` or ``close``.
    ``spread`` (price units) is added to every price: it makes an ask file of a vendor that has bids only.
    Rows are sorted by time; equal duplicates are dropped. Nothing is written when a rule is broken; the report says
    which.

    Raises:
        ConvertError: the file is not what it should be; columns, times, symbol or zone are not understood.
    """
    _require(symbol, timeframe, side)
    name = detect(source) if vendor == "auto" else vendor
    if name not in VENDORS:
        raise ConvertError(f"vendor {name!r} is none of {', '.join(VENDORS)}")
    chosen = VENDORS[name]
    progress(f"reading {source} as {name}")
    table = _read(source, chosen)
    progress(f"checking {table.num_rows} rows")
    if table.num_rows == 0:
        raise ConvertError(f"{source} has no rows")
    utc = _to_utc(_times(table, chosen, source), _zone(zone or chosen.zone, name), source)
    step = MINUTES[timeframe] * 60 * 1_000_000_000
    utc = utc - step if label == "close" else utc
    prices = np.column_stack([_numbers(table, column, source) for column in ("open", "high", "low", "close")]) + spread
    volume = _numbers(table, "volume", source) if "volume" in table.column_names else np.zeros(table.num_rows)
    report = Report(source=str(source), vendor=name, rows_read=table.num_rows)
    # Rows count from 1, the header left out.
    numbers = np.arange(1, table.num_rows + 1)
    if not (np.diff(utc) >= 0).all():
        order = np.argsort(utc, kind="stable")
        utc, prices, volume, numbers = utc[order], prices[order], volume[order], numbers[order]
        report.sorted = True
    equal = np.r_[False, (utc[1:] == utc[:-1]) & (prices[1:] == prices[:-1]).all(axis=1) & (volume[1:] == volume[:-1])]
    utc, prices, volume, numbers = utc[~equal], prices[~equal], volume[~equal], numbers[~equal]
    report.duplicates = int(equal.sum())
    report.first, report.last = iso_utc(int(utc[0])), iso_utc(int(utc[-1]))
    report.off_grid = int((utc % min(step, 86_400_000_000_000) != 0).sum())
    report.gaps = _gaps(utc, step)
    report.faults = _faults(utc, prices, volume, numbers)
    if not report.faults:
        progress(f"writing {len(utc)} rows")
        target = root / symbol / f"{symbol}_{timeframe}_{side}.parquet"
        columns = [pa.array(utc).cast(_NS), *(pa.array(np.round(prices[:, k], 10)) for k in range(4)), pa.array(volume)]
        write_table(pa.Table.from_arrays(columns, names=["UTC time", *_PRICES, "Volume"]), target)
        report.target, report.rows_written = str(target), len(utc)
    return report


def _numbers(table: pa.Table, column: str, path: Path) -> npt.NDArray[np.float64]:
    try:
        return table[column].cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise ConvertError(f"{path}, column {column}: {error}") from error


def _gaps(utc: npt.NDArray[np.int64], step: int) -> int:
    """Slots from Monday to Friday (UTC) between the first and the last bar that have none."""
    slots = np.arange(utc[0], utc[-1] + 1, step, dtype=np.int64) if (utc[-1] - utc[0]) // step < 50_000_000 else utc
    weekday = (slots // 86_400_000_000_000 + 3) % 7 < 5
    return int((weekday & ~np.isin(slots, utc)).sum())


def write_table(table: pa.Table, target: Path) -> None:
    """Writes a Parquet file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.partial")
    try:
        pq.write_table(table, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
