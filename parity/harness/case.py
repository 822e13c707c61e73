"""A case: a V1 config and everything it needs, as portable data, and the files an engine reads it from."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

FORMAT = "omega-parity-case/1"
#: Columns of an inline bar: ns since the epoch (bar open, UTC), bid OHLC, ask OHLC, volume.
BAR_COLUMNS = ("ts_ns", "bo", "bh", "bl", "bc", "ao", "ah", "al", "ac", "volume")

#: Symbol data used where a case brings none.
DEFAULT_SPECS: dict[str, dict[str, Any]] = {
    "EURUSD": {
        "contract_size": 100000, "tick_size": 1e-05, "pip_size": 0.0001, "volume_min": 0.01, "volume_step": 0.01,
        "volume_max": 100, "base_currency": "EUR", "quote_currency": "USD",
    },
    "USDJPY": {
        "contract_size": 100000, "tick_size": 0.001, "pip_size": 0.01, "volume_min": 0.01, "volume_step": 0.01,
        "volume_max": 100, "base_currency": "USD", "quote_currency": "JPY",
    },
    "DE30EUR": {
        "contract_size": 1, "tick_size": 0.1, "pip_size": 1.0, "volume_min": 0.1, "volume_step": 0.1,
        "volume_max": 50, "base_currency": "EUR", "quote_currency": "EUR",
    },
}  # fmt: skip
DEFAULT_COSTS: dict[str, Any] = {
    "defaults": {"schema": "per_lot", "side": "both", "per_lot": 2.5,
                 "slippage": {"fixed_pips": 0.0, "random_pips": 0.0}},
    "per_symbol": {},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison. ``bars`` holds rows of BAR_COLUMNS by timeframe; without them ``data_root`` is read."""

    id: str
    config: Mapping[str, Any]
    description: str = ""
    tags: tuple[str, ...] = ()
    bars: Mapping[str, list[list[float]]] = field(default_factory=dict)
    data_root: str | None = None
    costs: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_COSTS)
    specs: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_SPECS)
    news: tuple[tuple[str, str, str], ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Portable text, one line per bar."""
        body = {"format": FORMAT, **asdict(self)}
        bars = body.pop("bars")
        head = json.dumps(body, indent=1, sort_keys=True)[:-2]
        blocks = []
        for timeframe, rows in sorted(bars.items()):
            lines = ",\n   ".join(json.dumps(row) for row in rows)
            blocks.append(f'  "{timeframe}": [\n   {lines}]')
        return (
            head + ',\n "bar_columns": ' + json.dumps(BAR_COLUMNS) + ',\n "bars": {\n' + ",\n".join(blocks) + "}\n}\n"
        )

    @classmethod
    def from_json(cls, text: str) -> Case:
        """Reads ``to_json``'s text; ValueError for another format."""
        raw = json.loads(text)
        if raw.pop("format", None) != FORMAT:
            raise ValueError(f"not a case of format {FORMAT}")
        raw.pop("bar_columns", None)
        raw["tags"] = tuple(raw.get("tags", ()))
        raw["news"] = tuple(tuple(row) for row in raw.get("news", ()))
        return cls(**raw)

    @classmethod
    def load(cls, path: Path) -> Case:
        return cls.from_json(path.read_text(encoding="utf-8"))

    def save(self, folder: Path) -> Path:
        """Writes ``<folder>/<id>.json`` by way of a temporary name."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.id.replace('::', '__').replace('/', '_')}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(self.to_json(), encoding="utf-8")
        temporary.replace(path)
        return path

    def with_config(self, **changes: Any) -> Case:
        """The same case with other top-level config keys."""
        return replace(self, config={**self.config, **changes})


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
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [pa.array(columns[0], type=pa.int64()).cast(_CANDLE.field(0).type)]
    arrays += [pa.array(column, type=pa.float64()) for column in columns[1:]]
    table = pa.Table.from_arrays(arrays, schema=_CANDLE)
    pq.write_table(table, str(path), compression="none", use_dictionary=False, write_statistics=False)


def _once(folder: Path, kind: str, text: str) -> Path:
    """A file named by its content: written once for any number of cases."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = folder / f"{kind}-{digest}.yaml"
    if not path.exists():
        path.write_text(text, encoding="utf-8")
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


def prepare(case: Case, folder: Path) -> Prepared:
    """Writes the files of a case below ``folder`` (candles are overwritten, the rest is shared between cases)."""
    folder.mkdir(parents=True, exist_ok=True)
    if case.bars:
        root = folder / "parquet"
        symbol = case.config["symbol"]
        for timeframe, rows in case.bars.items():
            columns = list(zip(*rows, strict=True)) if rows else [()] * len(BAR_COLUMNS)
            for side, first in (("BID", 1), ("ASK", 5)):
                path = root / symbol / f"{symbol}_{timeframe}_{side}.parquet"
                write_candles(path, [columns[0], *columns[first : first + 4], columns[9]])
    elif case.data_root is not None:
        root = Path(case.data_root)
    else:
        raise ValueError(f"case {case.id} has neither bars nor a data root")
    news_csv, news_parquet = write_news(folder, case.news)
    return Prepared(
        case=case,
        data_root=root,
        costs_file=_once(folder, "costs", yaml.safe_dump(dict(case.costs))),
        specs_file=_once(folder, "specs", yaml.safe_dump(dict(case.specs))),
        news_csv=news_csv,
        news_parquet=news_parquet,
    )
