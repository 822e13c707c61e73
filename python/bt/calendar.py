"""A news calendar in CSV -> the Parquet file that V2 reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc

from bt.convert import ConvertError, Report, head_lines, iso_utc, write_table

__all__ = ["convert_news"]

_NS = pa.timestamp("ns", tz="UTC")


def convert_news(source: Path, target: Path) -> Report:
    """Converts a calendar (CSV with ``Start`` in UTC and ``Currency``; ``Impact``, ``Name`` and ``Id`` where known).

    A missing impact is HIGH, so that nothing is let through that V1 would have blocked; a missing id is the row.
    Rows are sorted by time; of one id the first is kept.

    Raises:
        ConvertError: columns are missing or a row is not understood; nothing was written.
    """
    head_lines(source)
    try:
        table = pc.read_csv(source, convert_options=pc.ConvertOptions(
            column_types={name: pa.string() for name in ("Start", "Currency", "Impact", "Name", "Id")},
            strings_can_be_null=False))  # fmt: skip
    except pa.ArrowInvalid as error:
        raise ConvertError(f"{source}: {error}") from error
    for column in ("Start", "Currency"):
        if column not in table.column_names:
            raise ConvertError(f"{source}: no column {column}; the file has {', '.join(table.column_names)}")
    held: dict[str, list[Any]] = {name: table[name].to_pylist() for name in table.column_names}
    starts, currencies = held["Start"], held["Currency"]
    impacts, names = held.get("Impact", [""] * len(starts)), held.get("Name", [""] * len(starts))
    ids = held.get("Id", [str(row) for row in range(len(starts))])
    rows: dict[str, tuple[int, str, str, str, str]] = {}
    for k, (start, currency, impact) in enumerate(zip(starts, currencies, impacts, strict=True)):
        moment, level = _moment(start, source, k + 1), (impact.strip() or "HIGH").upper()
        code = currency.strip().upper()
        if len(code) != 3 or not code.isalpha():
            raise ConvertError(f"{source}, row {k + 1}: currency {currency!r} is not three letters")
        if level not in ("LOW", "MEDIUM", "HIGH"):
            raise ConvertError(f"{source}, row {k + 1}: impact {impact!r} is none of LOW, MEDIUM, HIGH")
        rows.setdefault(ids[k], (moment, ids[k], names[k], level, code))
    ordered = sorted(rows.values(), key=lambda row: row[0])
    times, *texts = zip(*ordered, strict=True) if ordered else ((), (), (), (), ())
    columns: list[Any] = [
        pa.array(times, type=pa.int64()).cast(_NS),
        *(pa.array(text, type=pa.string()) for text in texts),
    ]
    write_table(pa.Table.from_arrays(columns, names=["UTC time", "Id", "Name", "Impact", "Currency"]), target)
    report = Report(source=str(source), target=str(target), vendor="calendar", rows_read=len(starts))
    report.rows_written, report.duplicates = len(ordered), len(starts) - len(ordered)
    if ordered:
        report.first, report.last = iso_utc(times[0]), iso_utc(times[-1])
    return report


def _moment(text: str, source: Path, row: int) -> int:
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConvertError(f"{source}, row {row}: time {text!r} is not ISO 8601") from error
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000
