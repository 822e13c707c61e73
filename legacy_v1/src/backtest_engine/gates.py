"""What stands before a strategy: session windows, anchored sessions, cooldowns, news."""

from __future__ import annotations

import bisect
import csv
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional
from zoneinfo import ZoneInfo

from backtest_engine.config import ANCHORS, AnchoredSessionFilter
from backtest_engine.execution import Signal
from backtest_engine.spellings import offset

def in_window(clock: str, start: str, end: str) -> bool:
    """HH:MM or HH:MM:SS (never with seconds of 0), both ends inclusive; a start after the end wraps midnight."""
    if start <= end:
        return start <= clock <= end
    return clock >= start or clock <= end


class UniversalSessionFilterWrapper:
    """Lets the strategy see a bar only when its CLOSE time lies in one of the windows.

    V1 asks what it wraps for the primary timeframe on every bar, and a session wrapper has no answer: another one
    around it fails on the first bar. V1's fault, kept.
    """

    def __init__(self, strategy: Any, windows: list[tuple[str, str]], step: timedelta) -> None:
        self.strategy, self._windows, self._step = strategy, list(windows), step

    def on_bar(self, index: int, time: datetime) -> list[Signal]:
        self.strategy.get_primary_timeframe()
        clock = (time + self._step).strftime("%H:%M")
        if self._windows and not any(in_window(clock, a, b) for a, b in self._windows):
            return []
        return self.strategy.on_bar(index, time)


class AnchoredSessionFilterWrapper:
    """The same with windows that depend on the UTC date of the bar's close."""

    def __init__(self, strategy: Any, calendar: Any, step: timedelta) -> None:
        self.strategy, self._calendar, self._step = strategy, calendar, step

    def on_bar(self, index: int, time: datetime) -> list[Signal]:
        self.strategy.get_primary_timeframe()
        close = time + self._step
        clock = close.strftime("%H:%M")
        if not any(in_window(clock, a, b) for a, b in self._calendar.windows(close.date())):
            return []
        return self.strategy.on_bar(index, time)


class FixedCalendar:
    """Windows given for each date."""

    def __init__(self, by_date: dict[str, list[tuple[str, str]]]) -> None:
        self._by_date = by_date

    def windows(self, day: date) -> list[tuple[str, str]]:
        return self._by_date.get(day.isoformat(), [])


class AnchoredCalendar:
    """Offsets from the local start of market sessions (DST-aware), as HH:MM in UTC."""

    def __init__(self, config: AnchoredSessionFilter) -> None:
        self._groups = [
            (ANCHORS[window.anchor], [(offset(a), offset(b)) for a, b in window.offset_window])
            for window in config.all_windows
        ]
        self._cache: dict[date, list[tuple[str, str]]] = {}

    def windows(self, day: date) -> list[tuple[str, str]]:
        if day not in self._cache:
            self._cache[day] = [window for group in self._groups for window in self._of(day, *group)]
        return self._cache[day]

    @staticmethod
    def _of(day: date, anchor: tuple[str, int, int], pairs: list[tuple[timedelta, timedelta]]) -> list[tuple[str, str]]:
        zone, hour, minute = anchor
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
        start = local.astimezone(timezone.utc)
        return [((start + a).strftime("%H:%M"), (start + b).strftime("%H:%M")) for a, b in pairs]


class CooldownWrapper:
    """Blocks for a while after an exit (minutes) and after an entry (minutes, bars).

    The portfolio's time of the last exit has ``decision_shift`` in it already.
    """

    def __init__(
        self,
        strategy: Any,
        portfolio: Any,
        decision_shift: timedelta,
        candles: int = 0,
        minutes: float = 0,
        minutes_trade: float = 0,
    ) -> None:
        self.strategy_impl, self._portfolio, self._shift = strategy, portfolio, decision_shift
        self._candles, self._minutes, self._minutes_trade = candles, minutes, minutes_trade
        self._last_entry: Optional[datetime] = None
        self._last_index: Optional[int] = None

    @property
    def position_manager(self) -> Any:
        return self.strategy_impl.position_manager

    def get_primary_timeframe(self) -> str:
        return self.strategy_impl.timeframe

    def on_bar(self, index: int, time: datetime) -> list[Signal]:
        decision = time + self._shift
        if self._blocked(index, decision):
            return []
        signals = self.strategy_impl.on_bar(index, time)
        if signals:
            self._last_entry, self._last_index = decision, index
        return signals

    def _blocked(self, index: int, decision: datetime) -> bool:
        last_exit = self._portfolio.last_exit_time
        if self._minutes_trade > 0 and last_exit is not None:
            if decision - last_exit < timedelta(minutes=self._minutes_trade):
                return True
        if self._minutes > 0 and self._last_entry is not None:
            if decision - self._last_entry < timedelta(minutes=self._minutes):
                return True
        return self._candles > 0 and self._last_index is not None and index - self._last_index < self._candles


class NewsCalendar:
    """Blocks from 60 minutes before to 30 minutes after a relevant event; impact is ignored."""

    BEFORE = timedelta(minutes=60)
    AFTER = timedelta(minutes=30)

    def __init__(self, path: Path, symbol: str) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"news calendar {path} does not exist")
        with path.open(encoding="utf-8", newline="") as handle:
            rows = [(row["Start"], row["Currency"].strip().upper()) for row in csv.DictReader(handle)]
        times = [self._time(start) for start, currency in rows if self._relevant(currency, symbol.upper())]
        self._times = sorted(times)

    @staticmethod
    def _time(text: str) -> datetime:
        parsed = datetime.fromisoformat(text.strip())
        return parsed.replace(tzinfo=timezone.utc) if parsed.tzinfo is None else parsed.astimezone(timezone.utc)

    @staticmethod
    def _relevant(currency: str, symbol: str) -> bool:
        if currency == "USD":
            return True
        if currency in ("AUD", "NZD"):
            return "AUD" in symbol or "NZD" in symbol
        return currency in ("GBP", "EUR", "JPY", "CHF", "CAD") and currency in symbol

    def blocked(self, time: datetime) -> bool:
        i = bisect.bisect_left(self._times, time - self.AFTER)
        return i < len(self._times) and self._times[i] <= time + self.BEFORE
