"""V1's configuration: types are checked, ``start <= end``, and little else. Unknown keys are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

TIMEFRAME_MINUTES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440, "W1": 10080}


def timeframe_delta(timeframe: str) -> timedelta:
    """Length of a timeframe; ValueError for a name V1 does not know."""
    if timeframe not in TIMEFRAME_MINUTES:
        raise ValueError(f"unknown timeframe {timeframe!r}")
    return timedelta(minutes=TIMEFRAME_MINUTES[timeframe])


class _Section(BaseModel):
    model_config = ConfigDict(extra="allow")


class Timeframes(_Section):
    primary: str = "M15"
    additional: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _normalise(self) -> "Timeframes":
        self.primary = self.primary.upper()
        names = dict.fromkeys(name.upper() for name in self.additional)
        self.additional = [name for name in names if name != self.primary]
        return self


class Rates(_Section):
    mode: str = "static"


class Execution(_Section):
    slippage_multiplier: float = 1.0
    fee_multiplier: float = 1.0
    spread_multiplier: float = 1.0
    random_seed: Optional[int] = None


class Slippage(_Section):
    fixed_pips: Optional[float] = None
    random_pips: Optional[float] = None


class TimestampAlignment(_Section):
    entry_timestamp_mode: str = "open"
    stale_bar_limit_bars: int = 0
    use_previous_completed_higher_tf: bool = True
    normalize_to_timeframe: bool = False
    higher_tf_timestamps_mode: dict[str, str] = Field(default_factory=dict)


class SessionFilter(_Section):
    fixed_times: list[tuple[str, str]] = Field(default_factory=list)


class AnchoredSessionFilter(_Section):
    anchor: str
    offset_window: Optional[tuple[str, str]] = None
    windows: Optional[list[tuple[str, str]]] = None


class StrategySection(_Section):
    module: str
    class_: str = Field(alias="class")
    parameters: dict[str, Any] = Field(default_factory=dict)
    session_filter: Optional[SessionFilter] = None
    anchored_session_filter: Optional[AnchoredSessionFilter] = None


class BacktestConfig(_Section):
    start_date: date
    end_date: date
    mode: str = "candle"
    symbol: str
    timeframes: Timeframes = Field(default_factory=Timeframes)
    warmup_bars: int = 500
    initial_balance: float = 10000.0
    risk_per_trade: float = 100.0
    account_currency: str = "EUR"
    rates: Rates = Field(default_factory=Rates)
    rates_static: dict[str, float] = Field(default_factory=dict)
    execution: Execution = Field(default_factory=Execution)
    slippage: Optional[Slippage] = None
    execution_costs_file: Optional[str] = None
    symbol_specs_file: Optional[str] = None
    session_filter: Optional[SessionFilter] = None
    anchored_session_filter: Optional[AnchoredSessionFilter] = None
    strategy: StrategySection
    cooldown_candles: int = 0
    cooldown_minutes: int = 0
    cooldown_minutes_trade: int = 0
    timestamp_alignment: TimestampAlignment = Field(default_factory=TimestampAlignment)

    @field_validator("symbol")
    @classmethod
    def _symbol_builds_a_path(cls, value: str) -> str:
        if not (3 <= len(value) <= 20 and value.isascii() and value.isalnum()):
            raise ValueError("a symbol has 3 to 20 letters and digits")
        return value

    @model_validator(mode="after")
    def _check(self) -> "BacktestConfig":
        if self.start_date > self.end_date:
            raise ValueError("start_date lies after end_date")
        if self.mode != "candle":
            raise ValueError(f"mode {self.mode!r} does not work, only 'candle' does")
        return self

    @property
    def start_time(self) -> datetime:
        return datetime(self.start_date.year, self.start_date.month, self.start_date.day, tzinfo=timezone.utc)

    @property
    def end_time(self) -> datetime:
        """00:00 of the end date, inclusive: the last day has one bar only."""
        return datetime(self.end_date.year, self.end_date.month, self.end_date.day, tzinfo=timezone.utc)

    @property
    def close_mode(self) -> bool:
        return self.timestamp_alignment.entry_timestamp_mode == "close"

    @property
    def load_start(self) -> datetime:
        """ONE start for all timeframes, in wall-clock time."""
        used = [self.timeframes.primary, *self.timeframes.additional]
        return self.start_time - max(self.warmup_bars * timeframe_delta(tf) for tf in used)

    @property
    def session_windows(self) -> Optional[SessionFilter]:
        return self.strategy.session_filter or self.session_filter

    @property
    def anchored_sessions(self) -> Optional[AnchoredSessionFilter]:
        return self.strategy.anchored_session_filter or self.anchored_session_filter
