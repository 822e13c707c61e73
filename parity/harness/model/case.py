"""A case: a V1 config and everything it needs, as portable data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parity.harness.model.bars import COLUMNS, Bars
from parity.harness.model.events import Number, Whole

FORMAT = "omega-parity-case/1"

#: Symbol data used where a case brings none. V1 drops all of them when one symbol lacks its ``tick_value``.
DEFAULT_SPECS: dict[str, dict[str, Any]] = {
    "EURUSD": {
        "contract_size": 100000, "tick_size": 1e-05, "pip_size": 0.0001, "volume_min": 0.01, "volume_step": 0.01,
        "volume_max": 100, "base_currency": "EUR", "quote_currency": "USD", "tick_value": 1.0,
    },
    "USDJPY": {
        "contract_size": 100000, "tick_size": 0.001, "pip_size": 0.01, "volume_min": 0.01, "volume_step": 0.01,
        "volume_max": 100, "base_currency": "USD", "quote_currency": "JPY", "tick_value": 1.0,
    },
    "DE30EUR": {
        "contract_size": 1, "tick_size": 0.1, "pip_size": 1.0, "volume_min": 0.1, "volume_step": 0.1,
        "volume_max": 50, "base_currency": "EUR", "quote_currency": "EUR", "tick_value": 1.0,
    },
}  # fmt: skip
DEFAULT_COSTS: dict[str, Any] = {
    "defaults": {"schema": "per_lot", "side": "both", "per_lot": 2.5,
                 "slippage": {"fixed_pips": 0.0, "random_pips": 0.0}},
    "per_symbol": {},
}  # fmt: skip


class CaseError(ValueError):
    """A file that is no case; the message says what is wrong and where."""


_Price = Number | None
#: One bar as in ``bars.COLUMNS``; a side without a row at that time holds nulls.
_Row = tuple[Whole, _Price, _Price, _Price, _Price, _Price, _Price, _Price, _Price, Number]


class _Strategy(Struct, kw_only=True):
    parameters: dict[str, Any] = {}


class _Config(Struct, kw_only=True):
    """What every reader of a case relies on; the rest of a config is for the engines to judge."""

    symbol: str
    strategy: _Strategy
    timeframes: dict[str, Any] = {}


class _Format(Struct):
    format: str = ""


class _Around(Struct, kw_only=True):
    config: _Config


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    """A case as it lies on disk."""

    format: str
    id: str
    config: dict[str, Any]
    description: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    bar_columns: tuple[str, ...] = COLUMNS
    bars: dict[Literal["M1", "M5", "M15", "M30", "H1", "H4", "D1", "W1"], list[_Row]] = {}
    data_root: str | UnsetType | None = UNSET
    costs: dict[str, Any] | UnsetType | None = UNSET
    specs: dict[str, dict[str, Any]] | UnsetType | None = UNSET
    news: tuple[tuple[str, str, str], ...] | UnsetType = UNSET
    seen: dict[str, Any] | UnsetType = UNSET


#: Fields of the file that say how it is written.
_FORM = ("format", "bar_columns", "bars")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison. ``bars`` are the market by timeframe; without them ``data_root`` is read.

    ``costs`` and ``specs`` are None where the config names a file that does not exist.
    """

    id: str
    config: Mapping[str, Any]
    description: str = ""
    tags: tuple[str, ...] = ()
    bars: Mapping[str, Bars] = field(default_factory=dict)
    data_root: str | None = None
    costs: Mapping[str, Any] | None = field(default_factory=lambda: DEFAULT_COSTS)
    specs: Mapping[str, Any] | None = field(default_factory=lambda: DEFAULT_SPECS)
    news: tuple[tuple[str, str, str], ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Portable text, one line per bar."""
        body = {"format": FORMAT, **{f.name: getattr(self, f.name) for f in fields(self) if f.name != "bars"}}
        head = json.dumps(body, indent=1, sort_keys=True)[:-2]
        blocks = [f'  "{timeframe}": [\n   {bars.text()}]' for timeframe, bars in sorted(self.bars.items())]
        return head + ',\n "bar_columns": ' + json.dumps(COLUMNS) + ',\n "bars": {\n' + ",\n".join(blocks) + "}\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Case:
        """Reads ``to_json``'s text.

        Raises:
            CaseError: it is no JSON or no case of this format; the message has the path.
        """
        try:
            if msgspec.json.decode(text, type=_Format).format != FORMAT:
                raise CaseError(f"not a case of format {FORMAT}")
            raw = msgspec.json.decode(text, type=_File)
            msgspec.convert({"config": raw.config}, _Around)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise CaseError(str(error).replace(" - at `$.", " - at `")) from error
        given = {name: getattr(raw, name) for name in raw.__struct_fields__ if getattr(raw, name) is not UNSET}
        if raw.bar_columns != COLUMNS:
            raise CaseError(f"bar_columns are not {', '.join(COLUMNS)}")
        bars = {str(timeframe): Bars.of(rows) for timeframe, rows in raw.bars.items()}
        return cls(**{name: value for name, value in given.items() if name not in _FORM}, bars=bars)

    @classmethod
    def load(cls, path: Path) -> Case:
        """Reads a case file.

        Raises:
            CaseError: as ``from_json``; the message begins with the file.
            OSError: the file cannot be read.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (CaseError, UnicodeDecodeError) as error:
            raise CaseError(f"{path}: {error}") from error

    def save(self, folder: Path) -> Path:
        """Writes ``<folder>/<id>.json`` by way of a temporary name; what is odd in a file name becomes ``_``."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', self.id)[:120]}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(self.to_json(), encoding="utf-8")
        temporary.replace(path)
        return path

    @property
    def primary(self) -> str:
        """The primary timeframe, M15 where the config names none; whatever its case, as files are named."""
        frames = self.config.get("timeframes")
        named = frames.get("primary") if isinstance(frames, Mapping) else None
        return named.upper() if isinstance(named, str) else "M15"

    def with_config(self, **changes: Any) -> Case:
        """The same case with other top-level config keys."""
        return replace(self, config={**self.config, **changes})
