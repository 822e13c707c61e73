"""FX conversion, symbol data, lot sizing, commission and slippage of V1."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import yaml
from omega_rust import FeeRequestRust, calculate_fee, calculate_slippage
from shared.exceptions import MissingRateError

from backtest_engine.spellings import number


class Rates:
    """Static FX rates: ``convert(x, A, B)`` directly, inversely, or through USD."""

    def __init__(self, static: dict[str, float]) -> None:
        self._static = {pair.upper(): float(rate) for pair, rate in static.items()}

    def _step(self, source: str, target: str) -> Optional[tuple[float, bool]]:
        if source + target in self._static:
            return self._static[source + target], False
        if target + source in self._static:
            return self._static[target + source], True
        return None

    def path(self, source: str, target: str) -> list[tuple[float, bool]]:
        """(rate, inverse) steps; MissingRateError (a ValueError) when there is no way."""
        if source == target:
            return []
        direct = self._step(source, target)
        if direct:
            return [direct]
        steps = []
        for a, b in ((source, "USD"), ("USD", target)):
            step = self._step(a, b)
            if a != b and step is None:
                raise MissingRateError(f"No FX path {a}->{b} and no 'via' provided.")
            steps.append(step)
        return [step for step in steps if step]

    def convert(self, amount: float, source: str, target: str) -> float:
        for rate, inverse in self.path(source, target):
            amount = amount / rate if inverse else amount * rate
        return amount


@dataclass(frozen=True)
class SymbolSpec:
    symbol: str
    contract_size: float = 100000.0
    tick_size: Optional[float] = None
    tick_value: Optional[float] = None
    volume_min: float = 0.01
    volume_step: float = 0.01
    volume_max: float = 100.0
    base_currency: Optional[str] = None
    quote_currency: Optional[str] = None
    profit_currency: Optional[str] = None
    pip_size: Optional[float] = None

    @classmethod
    def from_mapping(cls, symbol: str, raw: dict[str, Any]) -> "SymbolSpec":
        if not isinstance(raw, dict):
            raise ValueError(f"symbol_specs_file: {symbol} is no mapping")
        known = {k: v for k, v in raw.items() if k in cls.__dataclass_fields__ and k != "symbol" and v is not None}
        texts = ("base_currency", "quote_currency", "profit_currency")
        try:
            return cls(symbol=symbol, **{k: str(v) if k in texts else number(v) for k, v in known.items()})
        except ValueError as error:
            raise ValueError(f"symbol_specs_file: {symbol}: {error}") from None

    @property
    def pip(self) -> float:
        return self.pip_size if self.pip_size else fallback_pip(self.symbol)

    @property
    def quote(self) -> str:
        return self.quote_currency or self.symbol[3:6]


def fallback_pip(symbol: str) -> float:
    return 0.01 if symbol.endswith("JPY") else 0.0001


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; clear errors for a missing file or anything else in it."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ValueError(f"{path} must hold a mapping, not {type(loaded).__name__}")
    return loaded


def load_specs(path: Path) -> dict[str, SymbolSpec]:
    """Symbol data by symbol; of none where one symbol lacks ``tick_value``: V1 drops them as a whole.

    FileNotFoundError for a missing file, ValueError for one that holds anything else.
    """
    specs = {str(name): SymbolSpec.from_mapping(str(name), values or {}) for name, values in load_yaml(path).items()}
    without = [name for name, spec in specs.items() if spec.tick_value is None]
    if without:
        warn(f"symbol_specs_file: {', '.join(without)} without tick_value: all symbol specs are dropped")
        return {}
    return specs


def load_costs(path: Optional[Path]) -> Optional[tuple[dict[str, Any], dict[str, Any]]]:
    """(defaults, per symbol) of a cost file; None, and a warning, where it is missing: the run is free of costs."""
    if path is None or not path.is_file():
        warn(f"execution_costs_file {path or ''} is missing: the run is free of costs")
        return None
    raw = load_yaml(path)
    blocks = [raw.get(key) or {} for key in ("defaults", "per_symbol")]
    for block, key in zip(blocks, ("defaults", "per_symbol")):
        if not isinstance(block, dict):
            raise ValueError(f"{path}: {key} is no mapping")
    return blocks[0], blocks[1]


def warn(text: str) -> None:
    """V1 prints its warnings."""
    print(f"⚠️ {text}")


class LotSizer:
    """Lots that risk ``risk`` account units between fill and stop."""

    def __init__(self, specs: dict[str, SymbolSpec], rates: Rates, account_currency: str) -> None:
        self._specs, self._rates, self._account = specs, rates, account_currency

    def _spec(self, symbol: str) -> SymbolSpec:
        """KeyError, at the first order, for a symbol that the specs lack."""
        if symbol not in self._specs:
            raise KeyError(f"symbol_specs_file has no usable specs of {symbol}")
        return self._specs[symbol]

    def pip_value(self, symbol: str) -> float:
        spec = self._spec(symbol)
        return self._rates.convert(spec.contract_size * spec.pip, spec.quote, self._account)

    def lots(self, symbol: str, risk: float, stop_pips: float) -> float:
        spec = self._spec(symbol)
        raw = risk / (stop_pips * self.pip_value(symbol)) if stop_pips > 0 else 0.0
        return snap(raw, spec)


def snap(raw: float, spec: SymbolSpec) -> float:
    """Volume grid that starts at ``volume_min``."""
    low, step = spec.volume_min, spec.volume_step
    lots = low if raw <= low else low + math.floor((raw - low + 1e-12) / step) * step
    return min(max(lots, low), spec.volume_max)


class CommissionModel:
    """Commission of one order, from the cost file's defaults and per-symbol blocks."""

    def __init__(
        self,
        defaults: dict[str, Any],
        per_symbol: dict[str, dict[str, Any]],
        specs: dict[str, SymbolSpec],
        rates: Rates,
        account_currency: str,
        multiplier: float = 1.0,
    ) -> None:
        self._defaults, self._per_symbol = defaults, per_symbol
        self._specs, self._rates = specs, rates
        self._account, self._multiplier = account_currency, multiplier

    def fee(self, symbol: str, price: float, lots: float, kind: str) -> float:
        cfg = {**self._defaults, **(self._per_symbol.get(symbol) or {})}
        spec = self._specs.get(symbol) or SymbolSpec(symbol)
        currency = cfg.get("fee_ccy") or self._account
        side = cfg.get("side") or "both"
        request = FeeRequestRust(
            cfg.get("schema") or "per_million_notional",
            price,
            lots,
            spec.contract_size,
            float(cfg.get("per_lot") or 0.0),
            float(cfg.get("rate_per_million") or 0.0),
            float(cfg.get("pct") or 0.0),
            float(cfg.get("min_fee") or 0.0),
            self._multiplier,
            1.0 if side in ("both", kind) else 0.0,
            self._rates.path(spec.quote, currency),
            self._rates.path(currency, self._account),
        )
        return float(calculate_fee(request))


@dataclass(frozen=True)
class LegacyFee:
    """The older model: per million of notional, unrounded."""

    per_million: float
    lot_size: float
    min_fee: float

    def fee(self, price: float, lots: float, contract_size: Optional[float]) -> float:
        size = contract_size or self.lot_size
        return max(lots * size * price / 1e6 * self.per_million, self.min_fee)


class SlippageModel:
    """``fixed + U(0, random)`` pips, one draw from the global generator for each application."""

    def __init__(self, fixed_pips: float, random_pips: float, multiplier: float = 1.0) -> None:
        self.fixed_pips, self.random_pips, self.multiplier = fixed_pips, random_pips, multiplier

    def apply(self, price: float, direction: str, pip: float, seed: Optional[int] = None) -> float:
        source = random if seed is None else random.Random(seed)
        pips = (self.fixed_pips + source.uniform(0, self.random_pips)) * self.multiplier
        return calculate_slippage(price, direction, pip, pips)

    def apply_batch(self, rows: list[tuple[float, str, float]], seed: int = 42) -> list[float]:
        """Element i uses ``Random(seed + i)``."""
        return [self.apply(price, direction, pip, seed + i) for i, (price, direction, pip) in enumerate(rows)]
