"""V1's configuration: what V1 refuses is refused here, what it takes has V1's meaning. Unknown keys are kept.

V1 asks its model for errors and then runs the RAW config. So a value that the model would convert stays what it was,
and a default of the model does not help where the raw config lacks the key.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Optional

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator, field_validator, model_validator

from backtest_engine import spellings

TIMEFRAME_MINUTES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440, "W1": 10080}
#: Local start of a market session: time zone, hour, minute.
ANCHORS = {
    "london": ("Europe/London", 8, 0),
    "new_york": ("America/New_York", 9, 30),
    "tokyo": ("Asia/Tokyo", 9, 0),
    "sydney": ("Australia/Sydney", 8, 0),
    "frankfurt": ("Europe/Berlin", 8, 0),
    "asia": ("Asia/Tokyo", 9, 0),
    "europe": ("Europe/London", 8, 0),
}
#: The runner puts this before the module of a strategy that lacks it.
PACKAGE = "strategies."

Day = Annotated[date, BeforeValidator(spellings.day)]
#: Text of a number is one.
Number = Annotated[float, BeforeValidator(spellings.number)]
#: A raw value that V1 calculates with: text is refused.
RawNumber = Annotated[float, BeforeValidator(spellings.not_text)]
RawWhole = Annotated[int, BeforeValidator(spellings.not_text)]
#: The model takes "false" for a flag, but V1 asks the raw value whether it is true: any text but the empty one is.
Flag = Annotated[bool, WrapValidator(lambda value, model: (model(value), bool(value))[1])]
Seed = Annotated[Optional[int], BeforeValidator(lambda value: None if value is None else spellings.whole(value))]
Clocks = Annotated[list[tuple[str, str]], BeforeValidator(spellings.windows)]
Offsets = Annotated[list[tuple[str, str]], BeforeValidator(spellings.offsets)]


def timeframe_delta(timeframe: str) -> timedelta:
    """Length of a timeframe; ValueError for a name V1 does not know."""
    if timeframe not in TIMEFRAME_MINUTES:
        raise ValueError(f"unknown timeframe {timeframe!r}")
    return timedelta(minutes=TIMEFRAME_MINUTES[timeframe])


class _Section(BaseModel):
    model_config = ConfigDict(extra="allow")


class Timeframes(_Section):
    """Both keys are read from the raw config: neither has a default."""

    primary: str
    additional: list[str]

    @model_validator(mode="after")
    def _normalise(self) -> "Timeframes":
        names = dict.fromkeys(name.upper() for name in self.additional)
        self.additional = [name for name in names if name != self.primary]
        for name in (self.primary, *self.additional):
            timeframe_delta(name)
        return self


class Rates(_Section):
    mode: str = "static"

    @field_validator("mode")
    @classmethod
    def _only_static(cls, value: str) -> str:
        if value == "timeseries":
            raise ValueError("rates from bars ('timeseries') are no part of this engine: give rates_static")
        if value != "static":
            raise ValueError(f"unknown mode {value!r}: only 'static' works")
        return value


class Execution(_Section):
    slippage_multiplier: Number = 1.0
    fee_multiplier: Number = 1.0
    random_seed: Seed = None


class Slippage(_Section):
    fixed_pips: Optional[Number] = None
    random_pips: Optional[Number] = None


class Reporting(_Section):
    dev_mode: Any = False
    dev_seed: Seed = None


class TimestampAlignment(_Section):
    entry_timestamp_mode: str = "open"
    stale_bar_limit_bars: int = 0
    use_previous_completed_higher_tf: Flag = True
    normalize_to_timeframe: Flag = False
    higher_tf_timestamps_mode: dict[str, str] = Field(default_factory=dict)


class SessionFilter(_Section):
    fixed_times: Clocks = Field(default_factory=list)


class AnchoredWindow(_Section):
    """``offset_window``: pairs of signed offsets from the anchor."""

    anchor: str
    offset_window: Offsets

    @field_validator("anchor")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ANCHORS:
            raise ValueError(f"unknown session anchor {value!r}; known: {', '.join(ANCHORS)}")
        return value


class AnchoredSessionFilter(_Section):
    """One anchor with its windows, or a list of those: inside is inside any of them."""

    anchor: Optional[str] = None
    offset_window: Optional[list[Any]] = None
    windows: Optional[list[AnchoredWindow]] = None

    @property
    def all_windows(self) -> list[AnchoredWindow]:
        own = {"anchor": self.anchor, "offset_window": self.offset_window}
        alone = [] if self.offset_window is None else [AnchoredWindow.model_validate(own)]
        return alone + (self.windows or [])

    @model_validator(mode="after")
    def _check(self) -> "AnchoredSessionFilter":
        if self.windows is None and self.offset_window is None:
            raise ValueError("neither offset_window nor windows is given")
        AnchoredWindow.model_validate({"anchor": self.anchor or "london", "offset_window": self.offset_window or []})
        if self.offset_window is not None and self.anchor is None:
            raise ValueError("offset_window needs an anchor")
        return self


def _absent(value: Any) -> Any:
    """An empty filter is none."""
    return None if isinstance(value, (dict, list)) and not value else value


NoneIfEmpty = BeforeValidator(_absent)


class StrategySection(_Section):
    module: str
    class_: str = Field(alias="class")
    parameters: dict[str, Any] = Field(default_factory=dict)
    session_filter: Annotated[Optional[SessionFilter], NoneIfEmpty] = None
    anchored_session_filter: Annotated[Optional[AnchoredSessionFilter], NoneIfEmpty] = None

    @field_validator("module")
    @classmethod
    def _with_package(cls, value: str) -> str:
        return value if value.startswith(PACKAGE) else PACKAGE + value


class BacktestConfig(_Section):
    start_date: Day
    end_date: Day
    mode: str = "candle"
    symbol: str
    timeframes: Timeframes
    warmup_bars: RawWhole = 500
    initial_balance: RawNumber = 10000.0
    risk_per_trade: RawNumber = 100.0
    account_currency: str = "EUR"
    rates: Rates = Field(default_factory=Rates)
    rates_static: dict[str, Number] = Field(default_factory=dict)
    execution: Execution = Field(default_factory=Execution)
    slippage: Slippage = Field(default_factory=Slippage)
    reporting: Optional[Reporting] = None
    execution_costs_file: Optional[str] = None
    symbol_specs_file: Optional[str] = None
    session_filter: Annotated[Optional[SessionFilter], NoneIfEmpty] = None
    anchored_session_filter: Annotated[Optional[AnchoredSessionFilter], NoneIfEmpty] = None
    strategy: StrategySection
    cooldown_candles: RawWhole = 0
    cooldown_minutes: RawWhole = 0
    cooldown_minutes_trade: RawWhole = 0
    timestamp_alignment: TimestampAlignment = Field(default_factory=TimestampAlignment)

    @field_validator("symbol")
    @classmethod
    def _symbol_builds_a_path(cls, value: str) -> str:
        if not (3 <= len(value) <= 20 and value.isascii() and value.isalnum()):
            raise ValueError("a symbol has 3 to 20 letters and digits")
        if value != value.upper():
            raise ValueError(f"{value!r} has lower-case letters: V1 finds no such symbol")
        return value

    @field_validator("account_currency")
    @classmethod
    def _currency(cls, value: str) -> str:
        if value != value.upper():
            raise ValueError(f"{value!r} has lower-case letters: V1 finds no rate for it")
        return value

    @model_validator(mode="after")
    def _check(self) -> "BacktestConfig":
        if self.start_date > self.end_date:
            raise ValueError("start_date lies after end_date")
        if self.mode != "candle":
            raise ValueError(f"mode {self.mode!r} does not work, only 'candle' does")
        if "rates_static" not in self.model_fields_set and "mode" not in self.rates.model_fields_set:
            raise ValueError("rates_static is absent: rates from bars ('timeseries') are no part of this engine")
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
        return self.timestamp_alignment.entry_timestamp_mode.lower() == "close"

    @property
    def seed(self) -> Optional[int]:
        """Seed of Python's generator: ``execution.random_seed``, else that of the developer mode, else none."""
        if self.execution.random_seed is not None or self.reporting is None or not self.reporting.dev_mode:
            return self.execution.random_seed
        return self.reporting.dev_seed

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
