"""Makes a case as small as it can be while it still shows the same difference.

Two passes. Hypothesis minimises the choices that made a generated case. Then the case itself is cut, which choices
cannot express: single bars, orders, edits and config keys are left out, values are replaced by plainer ones
(delta debugging, Zeller and Hildebrandt 2002). Works on any case, however it came about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisException

from parity.harness.generate.cases import RATES, cases
from parity.harness.generate.choices import database_of
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES, Bars
from parity.harness.model.case import Case
from parity.harness.model.limits import EVERYTHING, Limits

#: Whether a case still shows the difference. Never raises for what an engine does.
Shows = Callable[[Case], bool]
FREE: Mapping[str, Any] = {
    "defaults": {"schema": "per_lot", "per_lot": 0.0, "slippage": {"fixed_pips": 0.0, "random_pips": 0.0}}
}
#: Plainer values by parameter, the plainest first.
PLAIN: Mapping[str, Sequence[Any]] = {
    "window_length": (2, 3), "ema_length": (2, 3), "atr_length": (1, 2), "b_b_length": (2, 3),
    "atr_mult": (1.0,), "std_factor": (0.5,), "direction_filter": ("both",), "use_position_manager": (False,),
    "max_holding_minutes": (None, 5), "htf_filter": ("none",), "extra_htf_filter": ("none",), "htf_tf": ("NONE",),
    "extra_htf_tf": ("NONE",), "htf_ema": (2,), "extra_htf_ema": (2,), "tp_min_distance": (0.0,),
    "intraday_vol_cluster_window": (3, 5), "intraday_vol_cluster_k": (1, 2), "intraday_vol_min_points": (1, 2),
    "garch_min_periods": (1, 2), "cluster_hysteresis_bars": (0, 2), "local_z_lookback": (0, 3, 6),
    "intraday_vol_garch_lookback": (0, 4), "edits": ([],),
}  # fmt: skip
#: Plainer values of top-level config keys.
PLAIN_TOP: Mapping[str, Sequence[Any]] = {
    "risk_per_trade": (100.0,), "account_currency": ("USD",), "rates_static": (RATES,), "warmup_bars": (0,),
    "execution": ({"random_seed": 42},), "timestamp_alignment": ({"entry_timestamp_mode": "open"},),
}  # fmt: skip
OPTIONAL = ("session_filter", "anchored_session_filter", "cooldown_candles", "cooldown_minutes",
            "cooldown_minutes_trade", "timestamp_alignment", "execution")  # fmt: skip


@dataclass
class Budget:
    """Ends a search after a number of seconds or of tries."""

    seconds: float
    tries: int
    used: int = 0

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.seconds

    @property
    def spent(self) -> bool:
        """Whether the budget of tries or seconds is used up."""
        return self.used >= self.tries or time.monotonic() >= self._until


@dataclass(frozen=True)
class Size:
    """How large a case is: bars of its primary timeframe, orders it names (1 for a strategy's own), bytes."""

    bars: int
    orders: int
    bytes: int

    @classmethod
    def of(cls, case: Case) -> Size:
        """The size of a case."""
        primary = case.bars.get(case.primary)
        orders = case.config["strategy"].get("parameters", {}).get("orders", [None])
        return cls(0 if primary is None else len(primary), len(orders), len(case.to_json()))


class _Enough(BaseException):
    """Ends a search of Hypothesis, which knows no other way than an interrupt."""


def by_choices(made: Sequence[int], shows: Shows, budget: Budget, limits: Limits = EVERYTHING) -> Case | None:
    """The smallest case that Hypothesis finds from the choices ``made``; None when they do not show it again."""
    best: list[Case] = []

    def asked(case: Case) -> bool:
        if budget.spent:
            raise _Enough
        budget.used += 1
        if not shows(case):
            return False
        best.append(case)
        return True

    quiet = settings(
        database=database_of(made, b"case"), phases=(Phase.reuse, Phase.shrink), deadline=None,
        suppress_health_check=list(HealthCheck), max_examples=1,
    )  # fmt: skip
    try:
        return find(cases(limits), asked, settings=quiet, database_key=b"case")
    except (HypothesisException, _Enough):
        return min(best, key=lambda case: Size.of(case).bars, default=None)


def minimise(case: Case, shows: Shows, *, budget: Budget | None = None) -> Case:
    """The smallest case within the budget; ``case`` itself must show the difference."""
    budget = budget or Budget(seconds=30.0, tries=1500)
    while True:
        before = case
        for passed in (_shorter, _fewer_orders, _plainer, _fewer_bars, _fewer_higher_bars, _flatter):
            case = _exhaust(case, passed, shows, budget)
        if case is before or budget.spent:
            return case


Candidates = Callable[[Case], Iterator[Case]]


def _exhaust(case: Case, candidates: Candidates, shows: Shows, budget: Budget) -> Case:
    """Takes every candidate that still shows the difference, until none does.

    A pass resumes where it stood: what could not be left out before is rarely dispensable at once.
    """
    place = 0
    while not budget.spent:
        found = None
        for i, candidate in enumerate(candidates(case)):
            if i < place:
                continue
            if budget.spent:
                return case
            budget.used += 1
            if shows(candidate):
                found, place = candidate, i
                break
        if found is None:
            return case
        case = found
    return case


def _primary(case: Case) -> tuple[str, Bars]:
    name = case.primary if case.primary in case.bars else next(iter(case.bars))
    return name, case.bars[name]


def _first_tradable(case: Case, bars: Bars) -> int:
    try:
        day = np.datetime64(str(case.config["start_date"])[:10], "ns").astype(np.int64)
    except ValueError:  # a date that no engine may understand: then no bar is before it
        return 0
    return int(np.searchsorted(bars.ts, day))


def _without_bars(case: Case, first: int, count: int, *, close_gap: bool) -> Case:
    """Leaves out primary bars; orders and edits keep the bars they belong to."""
    name, bars = _primary(case)
    rest = bars.take(np.delete(np.arange(len(bars)), slice(first, first + count)))
    if close_gap:
        ts = rest.ts.copy()
        ts[first:] -= count * TIMEFRAME_MINUTES[name] * MINUTE_NS
        rest = Bars(ts, rest.bid, rest.ask, rest.volume)
    begin = _first_tradable(case, bars)
    gone = range(first - begin, first - begin + count)

    def moved(bar: int) -> int:
        return bar - sum(1 for g in gone if 0 <= g < bar)

    parameters = dict(case.config["strategy"].get("parameters", {}))
    for key in ("orders", "edits"):
        if key in parameters:
            parameters[key] = [{**row, "bar": moved(row["bar"])} for row in parameters[key]]
    return _with_parameters(replace(case, bars={**case.bars, name: rest}), parameters)


def _with_parameters(case: Case, parameters: Mapping[str, Any]) -> Case:
    return case.with_config(strategy={**case.config["strategy"], "parameters": dict(parameters)})


def _shorter(case: Case) -> Iterator[Case]:
    """Half, a quarter, ... of the bars cut from the end, then from the beginning."""
    n = len(_primary(case)[1])
    for share in (2, 4, 8, 16):
        if n // share:
            yield _without_bars(case, n - n // share, n // share, close_gap=False)
            yield _without_bars(case, 0, n // share, close_gap=False)
            yield _without_bars(case, 0, n // share, close_gap=True)


def _fewer_bars(case: Case) -> Iterator[Case]:
    n = len(_primary(case)[1])
    for size in (8, 3, 1):
        for first in range(n - size, -1, -size):
            yield _without_bars(case, first, size, close_gap=True)
            if size == 1:
                yield _without_bars(case, first, size, close_gap=False)


def _fewer_higher_bars(case: Case) -> Iterator[Case]:
    primary = _primary(case)[0]
    for name, bars in case.bars.items():
        if name == primary:
            continue
        others = {key: value for key, value in case.bars.items() if key != name}
        frames = {**case.config.get("timeframes", {})}
        frames["additional"] = [x for x in frames.get("additional") or () if x != name]
        yield replace(case.with_config(timeframes=frames), bars=others)
        for size in (8, 1):
            for first in range(len(bars) - size, -1, -size):
                rest = bars.take(np.delete(np.arange(len(bars)), slice(first, first + size)))
                yield replace(case, bars={**case.bars, name: rest})


def _fewer_orders(case: Case) -> Iterator[Case]:
    parameters = case.config["strategy"].get("parameters", {})
    orders = parameters.get("orders", [])
    for gone in range(len(orders) if len(orders) > 1 else 0):
        others = [e for e in parameters.get("edits", ()) if e["order"] != gone]
        edits = [{**e, "order": e["order"] - (e["order"] > gone)} for e in others]
        kept = [order for i, order in enumerate(orders) if i != gone]
        yield _with_parameters(case, {**parameters, "orders": kept, "edits": edits})
    edits = parameters.get("edits", [])
    for gone in range(len(edits)):
        yield _with_parameters(case, {**parameters, "edits": [e for i, e in enumerate(edits) if i != gone]})
    for i, order in enumerate(orders):
        if "scenario" in order:
            plain = {k: v for k, v in order.items() if k != "scenario"}
            yield _with_parameters(case, {**parameters, "orders": [*orders[:i], plain, *orders[i + 1 :]]})


def _plainer(case: Case) -> Iterator[Case]:
    """Config keys left out, values replaced by plainer ones."""
    config = case.config
    if case.costs != FREE:
        yield replace(case, costs=FREE)
        yield from () if case.costs is None else _plainer_costs(case, case.costs)
    for i in range(len(case.news)):
        yield replace(case, news=case.news[:i] + case.news[i + 1 :])
    for key in OPTIONAL:
        if key in config:
            yield replace(case, config={k: v for k, v in config.items() if k != key})
    for key, values in PLAIN_TOP.items():
        if key in config:
            for value in values[: _until(values, config[key])]:
                yield case.with_config(**{key: value})
    parameters = config["strategy"].get("parameters", {})
    wanted = parameters.get("enabled_scenarios")
    scenarios = wanted if isinstance(wanted, list) else []
    for n in scenarios if len(scenarios) > 1 else ():
        yield _with_parameters(case, {**parameters, "enabled_scenarios": [n]})
    for key, value in parameters.items():
        if key.startswith("scenario6_") and 6 not in scenarios:
            yield _with_parameters(case, {k: v for k, v in parameters.items() if k != key})
        values = PLAIN.get(key, ())
        for plain in values[: _until(values, value)]:
            yield _with_parameters(case, {**parameters, key: plain})


def _until(values: Sequence[Any], current: Any) -> int:
    """How many values are plainer than the current one."""
    return next((i for i, value in enumerate(values) if value == current), len(values))


def _plainer_costs(case: Case, costs: Mapping[str, Any]) -> Iterator[Case]:
    defaults = costs["defaults"]
    if costs.get("per_symbol"):
        yield replace(case, costs={"defaults": defaults})
    for key in ("min_fee", "fee_ccy", "side"):
        if key in defaults:
            yield replace(case, costs={**costs, "defaults": {k: v for k, v in defaults.items() if k != key}})
    slips = defaults.get("slippage", {})
    for key in ("fixed_pips", "random_pips"):
        if slips.get(key):
            yield replace(case, costs={**costs, "defaults": {**defaults, "slippage": {**slips, key: 0.0}}})
    if defaults.get("per_lot") and defaults["schema"] == "per_lot":
        yield replace(case, costs={**costs, "defaults": {**defaults, "per_lot": 0.0}})


def _flatter(case: Case) -> Iterator[Case]:
    """Bars that do nothing: every price the close of the bar before."""
    name, bars = _primary(case)
    for i in range(1, len(bars)):
        bid, ask = bars.bid.copy(), bars.ask.copy()
        bid[i], ask[i] = bid[i - 1, 3], ask[i - 1, 3]
        if np.isnan(bid[i]).any() or np.isnan(ask[i]).any():
            continue
        flat = Bars(bars.ts, bid, ask, bars.volume)
        if flat != bars:
            yield replace(case, bars={**case.bars, name: flat})
