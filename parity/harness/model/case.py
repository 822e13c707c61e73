"""A case: a V1 config and everything it needs, as portable data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from parity.harness.model.bars import COLUMNS, Bars

FORMAT = "omega-parity-case/1"

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
    """One comparison. ``bars`` are the market by timeframe; without them ``data_root`` is read."""

    id: str
    config: Mapping[str, Any]
    description: str = ""
    tags: tuple[str, ...] = ()
    bars: Mapping[str, Bars] = field(default_factory=dict)
    data_root: str | None = None
    costs: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_COSTS)
    specs: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_SPECS)
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
        """Reads ``to_json``'s text; ValueError for another format."""
        raw = json.loads(text)
        if raw.pop("format", None) != FORMAT:
            raise ValueError(f"not a case of format {FORMAT}")
        raw.pop("bar_columns", None)
        raw["bars"] = {timeframe: Bars.of(rows) for timeframe, rows in raw.get("bars", {}).items()}
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
