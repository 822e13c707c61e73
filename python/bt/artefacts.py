"""Artefacts of a run on disk: whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bt.result import Result

__all__ = ["write_artefacts"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(ns: int) -> str:
    """ISO 8601 in UTC; bars lie on whole microseconds."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).isoformat().replace("+00:00", "Z")


def _trades(result: Result) -> list[dict[str, Any]]:
    out = []
    for trade in result.raw["trades"]:
        times = {name: _iso(trade[f"{name}_ns"]) for name in ("entry_time", "exit_time", "trigger_time")}
        out.append({**times, **trade})
    return out


def _equity(result: Result) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["timestamp_ns", "time", "equity", "balance", "drawdown", "high_water"])
    table = result.equity
    columns = [result.raw["equity"]["timestamp_ns"], *(table[n].to_pylist() for n in table.column_names[1:])]
    for ns, equity, balance, high, fall in zip(*columns, strict=True):
        writer.writerow([ns, _iso(ns), repr(equity), repr(balance), repr(fall), repr(high)])
    return text.getvalue()


def write_artefacts(result: Result, folder: Path) -> Path:
    """Writes ``meta.json``, ``trades.json``, ``equity.csv`` and ``metrics.json`` into ``folder/<run_id>/``.

    Everything is first written to a temporary folder, which is then renamed: a killed run leaves no half file.
    An earlier folder of the same run is replaced. Returns the folder.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / result.run_id
    temporary = Path(tempfile.mkdtemp(prefix=f".{result.run_id}-", dir=folder))
    try:
        documents = {
            "meta.json": result.meta,
            "trades.json": _trades(result),
            "metrics.json": {"metrics": result.metrics, "definitions": result.definitions},
        }
        texts = {name: json.dumps(value, indent=1) + "\n" for name, value in documents.items()}
        for name, text in {**texts, "equity.csv": _equity(result)}.items():
            with (temporary / name).open("w", encoding="utf-8", newline="\n") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target
