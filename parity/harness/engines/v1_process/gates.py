"""Records which gate of V1 stops the strategy on a bar. Runs inside V1's worker; V1 itself does not record it.

During a run a ``Watch`` records what V1 calls and answers: a session wrapper that returns without calling what it
wraps, a cooldown or news test that says yes, a strategy that never reaches its rules. What that means (which of the
three cooldowns, until when, whether a filter alone stops a rule) is worked out after the run by asking V1's own
functions again, so that nothing here can change a result or be taken for a refusal of V1.

Left out: the volatility regime of scenario 5, which no gate is named after.
"""

from __future__ import annotations

import bisect
import functools
import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

#: The gates that V1's adapter reports.
REPORTED = frozenset({
    "cooldown_exit", "cooldown_entry", "cooldown_candles", "session", "anchor", "news", "position_limit", "trend",
    "chain",
})  # fmt: skip

Windows = Sequence[tuple[str, str]]
#: The gate and the end of its block, None where no time ends it; None instead of both: no gate stopped the strategy.
Found = tuple[str, "datetime | None"] | None

#: Every minute of a day as V1 writes it, in order.
CLOCKS = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(1440)]
_LARGEST_NS = 2**63 - 1


class _Stop(NamedTuple):
    """One record: ``explain`` is called after the run."""

    bar_index: int
    time: datetime
    direction: str | None
    explain: Callable[[], Found]


class _Rules(list[Any]):
    """V1's list of rules, which says whether the strategy went through it."""

    reached = False

    def __iter__(self) -> Iterator[Any]:
        self.reached = True
        return super().__iter__()


class Watch:
    """Context in which one ``run_backtest`` is watched; ``merged`` afterwards gives its trace with gate events.

    Only the function by which V1 puts its wrappers together is replaced, and put back at the end, whatever V1 raises.
    All else is set on the objects of this run, which end with it.
    """

    def __init__(self) -> None:
        self._stops: list[_Stop] = []
        self._index, self._time = 0, datetime.min
        self._over = False
        self._fault: Exception | None = None
        self._trend = self._chain = self._news = False

    def __enter__(self) -> Watch:
        from backtest_engine import runner

        self._original = original = runner._wrap

        def wrap(config: Any, strategy: Any, portfolio: Any, step: timedelta) -> Any:
            wrapped = original(config, strategy, portfolio, step)
            try:
                self._attach(wrapped, strategy, portfolio)
            except Exception as fault:  # raised at the end: here it would look like a refusal of V1
                self._fault = fault
            return wrapped

        runner._wrap = wrap
        return self

    def __exit__(self, *_: object) -> None:
        from backtest_engine import runner

        runner._wrap = self._original
        self._over = True
        if self._fault is not None:
            raise self._fault

    def merged(self, events: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
        """V1's events in their order, the gate events of a bar before all others of it.

        ``start`` is the index of the first tested bar: bars of events are counted from it.
        """
        return list(heapq.merge(self._events(start), events, key=lambda event: event["bar"]))

    def _events(self, start: int) -> Iterator[dict[str, Any]]:
        from backtest_engine.data import to_ns

        known: set[tuple[int, str]] = set()
        for index, time, direction, explain in self._stops:
            # Several rules of one direction are stopped by one filter.
            if direction is not None and (index, direction) in known:
                continue
            found = explain()
            if found is None:
                continue
            if direction is not None:
                known.add((index, direction))
            gate, end = found
            until = None if end is None else to_ns(end)
            yield {
                "event": "gate",
                "bar": index - start,
                "timestamp_ns": to_ns(time),
                "order": None,
                "gate": gate,
                "direction": direction,
                "until_ns": None if until is None or until > _LARGEST_NS else until,
            }

    def _attach(self, wrapped: Any, strategy: Any, portfolio: Any) -> None:
        """Watches the strategy and every wrapper around it, from the inside out."""
        from backtest_engine.gates import CooldownWrapper, UniversalSessionFilterWrapper
        from backtest_engine.strategies import MeanReversionZScoreStrategy

        wrappers = [wrapped]
        while not isinstance(wrappers[-1], CooldownWrapper):
            wrappers.append(wrappers[-1].strategy)
        if isinstance(strategy, MeanReversionZScoreStrategy):
            self._watch_filters(strategy)
            self._watch_strategy(strategy)
        self._watch_cooldowns(wrappers.pop(), portfolio, strategy._market.times)
        for wrapper in reversed(wrappers):
            if isinstance(wrapper, UniversalSessionFilterWrapper):
                self._watch_session(wrapper, "session", functools.partial(_every_day, wrapper._windows))
            else:
                self._watch_session(wrapper, "anchor", wrapper._calendar.windows)

    def _stop(self, direction: str | None, explain: Callable[[], Found]) -> None:
        self._stops.append(_Stop(self._index, self._time, direction, explain))

    def _watch_session(self, wrapper: Any, gate: str, windows: Callable[[date], Windows]) -> None:
        """A wrapper stops the bar when it returns without having called what it wraps."""
        outer, inner, step = wrapper.on_bar, wrapper.strategy.on_bar, wrapper._step
        passed = False

        def inside(index: int, time: datetime) -> Any:
            nonlocal passed
            passed = True
            return inner(index, time)

        def on_bar(index: int, time: datetime) -> Any:
            nonlocal passed
            passed = False
            signals = outer(index, time)
            if not passed:
                self._index, self._time = index, time
                self._stop(None, functools.partial(_session, gate, windows, time + step))
            return signals

        wrapper.strategy.on_bar, wrapper.on_bar = inside, on_bar

    def _watch_cooldowns(self, wrapper: Any, portfolio: Any, times: list[datetime]) -> None:
        on_bar, blocked = wrapper.on_bar, wrapper._blocked

        def watched(index: int, time: datetime) -> Any:
            self._index, self._time = index, time
            return on_bar(index, time)

        def asked(index: int, decision: datetime) -> bool:
            stops: bool = blocked(index, decision)
            if stops:
                state = {**vars(wrapper), "_portfolio": SimpleNamespace(last_exit_time=portfolio.last_exit_time)}
                self._stop(None, functools.partial(_cooldown, state, index, decision, times))
            return stops

        wrapper.on_bar, wrapper._blocked = watched, asked

    def _watch_strategy(self, strategy: Any) -> None:
        """News by its own answer; the position limit by neither news nor the rules having been reached."""
        on_bar, calendar = strategy.on_bar, strategy._news
        blocked, rules = calendar.blocked, _Rules(strategy._rules)

        def asked(time: datetime) -> bool:
            self._news = stops = blocked(time)
            if stops:
                self._stop(None, functools.partial(_news, calendar, blocked, time))
            return bool(stops)

        def watched(index: int, time: datetime) -> Any:
            rules.reached = False
            signals = on_bar(index, time)
            if not rules.reached and not self._news:
                self._stop(None, lambda: ("position_limit", None))
            return signals

        calendar.blocked, strategy._rules, strategy.on_bar = asked, rules, watched

    def _watch_filters(self, strategy: Any) -> None:
        """The trend filter refuses before a rule's condition is known: the rule is asked again after the run.

        It is asked without its filters then: regime and chain come after the trend filter, which stops it first.
        The chain comes last in its rule: where it refuses, the condition held.
        """
        trend, allows, holds = strategy._htf_ok, strategy._cluster.allows, strategy._chain.holds

        def passes(index: int) -> bool:
            answer: bool = self._over or trend(index)
            self._trend = self._trend or not answer
            return answer

        def confirmed(index: int, direction: str) -> bool:
            answer: bool = self._over or holds(index, direction)
            self._chain = self._chain or not answer
            return answer

        def watched(rule: Callable[[int, str], Any]) -> Callable[[int, str], Any]:
            def tried(index: int, direction: str) -> Any:
                self._trend = self._chain = False
                levels = rule(index, direction)
                if self._trend:
                    self._stop(direction, functools.partial(_trend, rule, index, direction))
                elif self._chain:
                    self._stop(direction, lambda: ("chain", None))
                return levels

            return tried

        strategy._htf_ok, strategy._chain.holds = passes, confirmed
        strategy._cluster.allows = lambda index: self._over or allows(index)
        strategy._rules = [(number, direction, watched(rule)) for number, direction, rule in strategy._rules]


def _every_day(windows: Windows, _: date) -> Windows:
    return windows


def _session(gate: str, windows: Callable[[date], Windows], close: datetime) -> Found:
    """Start of the next window after ``close``, on its day or the next; none where no window can be met."""
    for days in (0, 1):
        day = close.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
        first = close.hour * 60 + close.minute + 1 if days == 0 else 0
        begin = _opening(windows(day.date()), first)
        if begin is not None:
            return gate, day + timedelta(minutes=begin)
    return gate, None


def _opening(windows: Windows, first: int) -> int | None:
    """The first minute of a day, from minute ``first`` on, that V1 lets through; the minute before it is shut.

    V1 compares texts: a window opens at the first clock that is not below its start, or at midnight when it wraps.
    """
    from backtest_engine.gates import in_window

    begins = {0, *(bisect.bisect_left(CLOCKS, start) for start, _ in windows)}
    for minute in sorted(begins):
        if first <= minute < len(CLOCKS) and any(in_window(CLOCKS[minute], *window) for window in windows):
            return minute
    return None


def _cooldown(state: dict[str, Any], index: int, decision: datetime, times: list[datetime]) -> Found:
    """Which of the three blocks first, asked of V1's own test with the later ones off; and its end.

    ``state`` holds the wrapper's attributes at that bar. The end in candles is the decision time of a bar: none when
    the market has ended by then.
    """
    from backtest_engine.gates import CooldownWrapper

    wrapper, shift = SimpleNamespace(**state), state["_shift"]
    wrapper._minutes = wrapper._candles = 0
    if CooldownWrapper._blocked(wrapper, index, decision):
        last_exit = state["_portfolio"].last_exit_time
        return "cooldown_exit", _later(last_exit, state["_minutes_trade"])
    wrapper._minutes = state["_minutes"]
    if CooldownWrapper._blocked(wrapper, index, decision):
        return "cooldown_entry", _later(state["_last_entry"], state["_minutes"])
    back = state["_last_index"] + state["_candles"]
    return "cooldown_candles", times[back] + shift if back < len(times) else None


def _later(time: datetime, minutes: float) -> datetime | None:
    """None past the end of the calendar."""
    try:
        return time + timedelta(minutes=minutes)
    except OverflowError:
        return None


def _news(calendar: Any, blocked: Callable[[datetime], bool], time: datetime) -> Found:
    """The last moment of the window around ``time``, windows that touch or overlap it included."""
    end = time
    while blocked(end):
        # The latest event whose window has begun: the one that blocks longest.
        latest = bisect.bisect_right(calendar._times, end + calendar.BEFORE) - 1
        end = calendar._times[latest] + calendar.AFTER + timedelta.resolution
    return "news", end - timedelta.resolution


def _trend(rule: Callable[[int, str], Any], index: int, direction: str) -> Found:
    """Whether the rule gives levels once the filter passes; not known where V1 fails at what it never computed."""
    try:
        return ("trend", None) if rule(index, direction) is not None else None
    except Exception:  # V1's own: the run did not get there
        return None
