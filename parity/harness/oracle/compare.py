"""Two answers in, a list of differences out. Pure: no engines, no pytest, no clock.

Equal outcomes cost one comparison of bytes. Otherwise every field of the types of ``model.outcome`` is looked at:
trades are aligned by what was ordered and when, so that one missing trade is one difference, and what has its own
tolerance is compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from msgspec import UNSET

from parity.harness.model.errors import HarnessError
from parity.harness.model.outcome import Answer, OpenPosition, Outcome, Refusal, Trade
from parity.harness.model.times import moment
from parity.harness.oracle.equality import results, same
from parity.harness.oracle.tolerances import TOLERANCES_FILE, Tolerances, TolerancesError

__all__ = [
    "GROUPS",
    "TOLERANCES_FILE",
    "Difference",
    "Tolerances",
    "TolerancesError",
    "compare",
    "compare_answers",
    "shown",
]

#: Groups in the order in which a reader should look at them: causes before consequences.
GROUPS = ("refusal", "migration", "trades", "open_positions", "account", "metrics", "events")
Row = TypeVar("Row", Trade, OpenPosition)
Names = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place in which two answers differ. ``a`` is the reference's value, ``b`` the candidate's.

    ``field`` is empty where a whole row or part differs. ``path`` is for people alone.
    """

    group: str
    field: str
    a: Any
    b: Any
    path: str
    order: int | None = None
    note: str = ""
    #: When it shows, ns since the epoch; None for what belongs to no moment.
    time: int | None = None

    def __str__(self) -> str:
        row = self.a if self.b is None else self.b
        if isinstance(row, dict):
            values = {name: value if isinstance(value, str) else shown(value, name) for name, value in row.items()}
            return f"{self.path}: {self.note}: {', '.join(f'{name} {value}' for name, value in values.items())}"
        text = f"{self.path}: {shown(self.a, self.field)} -> {shown(self.b, self.field)}"
        return f"{text} ({self.note})" if self.note else text


def shown(value: object, field: str = "") -> str:
    """A value in full: every double, and 1, 1.0 and True, have texts of their own. Times (UTC) go by their field."""
    if field.endswith("_ns") and type(value) is int and -(2**63) <= value < 2**63:
        return moment(value)
    return repr(value)


def compare(
    a: Outcome | Refusal, b: Outcome | Refusal, tolerances: Tolerances, *, limit: int = 200, names: Names = ("A", "B")
) -> list[Difference]:
    """All differences of the results (at most ``limit``), causes before consequences; empty when they agree.

    What either side declares unknown is left out. Traces are not looked at.

    Raises:
        HarnessError: the outcomes are not the same and no field says in what.
    """
    if isinstance(a, Refusal) or isinstance(b, Refusal):
        return _compare_refusals(a, b)
    unknown = {*a.unknown, *b.unknown}
    if not unknown and results(a) == results(b):
        return []
    uses = tolerances.uses
    found = list(islice(_parts(a, b, tolerances, names), limit))
    if not found and not unknown and tolerances.uses == uses:
        raise HarnessError("two outcomes are not the same, and no field of them differs")
    return found


def compare_answers(
    a: Answer, b: Answer, tolerances: Tolerances, *, limit: int = 200, names: Names = ("A", "B")
) -> list[Difference]:
    """As ``compare``, and the bars played where both engines say how many and no other difference shows it.

    Nothing where an engine gave no outcome: that is no difference.
    """
    if a.outcome is None or b.outcome is None:
        return []
    found = compare(a.outcome, b.outcome, tolerances, limit=limit, names=names)
    both_say = isinstance(a.outcome, Outcome) and isinstance(b.outcome, Outcome) and None not in (a.bars, b.bars)
    if both_say and a.bars != b.bars and all((d.group, d.field) != ("account", "length") for d in found):
        found.append(Difference(group="account", field="bars", a=a.bars, b=b.bars, path="bars"))
        found.sort(key=lambda difference: GROUPS.index(difference.group))
    return found


def _parts(a: Outcome, b: Outcome, tolerances: Tolerances, names: Names) -> Iterable[Difference]:
    """Every field of an outcome, in the order of GROUPS; HarnessError for one that nothing compares."""
    compared = {"trades", "open_positions", "equity", "balance", "fees_total", "metrics"}
    if compared | {"events", "unknown"} != set(Outcome.__struct_fields__):
        raise HarnessError("an outcome has a part that is not compared")
    yield from _compare_rows("trades", a.trades, b.trades, tolerances, names)
    if a.open_positions is not UNSET and b.open_positions is not UNSET:
        yield from _compare_rows("open_positions", a.open_positions, b.open_positions, tolerances, names)
    if a.equity is not UNSET and b.equity is not UNSET:
        yield from _compare_equity(a.equity, b.equity, tolerances)
    for name in ("balance", "fees_total"):
        left, right = getattr(a, name), getattr(b, name)
        if not _agree("account", name, left, right, tolerances):
            yield Difference(group="account", field=name, a=left, b=right, path=name)
    if a.metrics is not UNSET and b.metrics is not UNSET:
        unknown = {name.removeprefix("metrics.") for name in (*a.unknown, *b.unknown)}
        left, right = ({k: v for k, v in m.items() if k not in unknown} for m in (a.metrics, b.metrics))
        yield from _compare_metrics(left, right, tolerances, names)


def _agree(group: str, name: str, a: Any, b: Any, tolerances: Tolerances) -> bool:
    """Whether two values agree, as far as both are known."""
    return a is UNSET or b is UNSET or tolerances.equal(group, name, a, b)


def _compare_refusals(a: Outcome | Refusal, b: Outcome | Refusal) -> list[Difference]:
    codes = [answer.code if isinstance(answer, Refusal) else None for answer in (a, b)]
    if same(*codes):
        return []
    note = "; ".join(answer.message for answer in (a, b) if isinstance(answer, Refusal))
    return [Difference(group="refusal", field="code", a=codes[0], b=codes[1], path="error.code", note=note)]


def _aligned(a: Sequence[Row], b: Sequence[Row]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """(places of rows that belong together, places of rows only in A, only in B).

    By what was ordered and when; what is left over, by order id. So an order that one engine lacks does not shift
    all those after it, although its strategy counts them.
    """
    with_level = all(row.initial_sl is not UNSET for row in (*a, *b))

    def key(row: Row) -> tuple[Any, ...]:
        return row.entry_time_ns, row.direction, row.order_type, row.initial_sl if with_level else None

    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(a))), list(range(len(b)))
    for keyed in (key, lambda row: row.order_id):
        places: dict[Any, list[int]] = {}
        for j in reversed(right):
            places.setdefault(keyed(b[j]), []).append(j)
        found = [(i, places[keyed(a[i])].pop()) for i in left if places.get(keyed(a[i]))]
        pairs += found
        taken, given = {i for i, _ in found}, {j for _, j in found}
        left, right = [i for i in left if i not in taken], [j for j in right if j not in given]
    return sorted(pairs), left, right


def _compare_rows(
    group: str, a: Sequence[Row], b: Sequence[Row], tolerances: Tolerances, names: Names
) -> Iterable[Difference]:
    """Rows that belong together, field by field: a missing row is one difference, and so are rows in another order."""
    pairs, only_a, only_b = _aligned(a, b)
    for i in only_a:
        yield _missing(group, a[i], there=names[0], first=True)
    for j in only_b:
        yield _missing(group, b[j], there=names[1], first=False)
    for i, j in pairs:
        left, right = a[i], b[j]
        for name in left.__struct_fields__:
            # A strategy counts its orders, so those after a missing one have another number without being other orders.
            if name == "order_id" and (only_a or only_b):
                continue
            x, y = getattr(left, name), getattr(right, name)
            if not _agree(group, name, x, y, tolerances):
                path = f"{group}[order {left.order_id}].{name}"
                yield Difference(group=group, field=name, a=x, b=y, order=left.order_id, path=path, time=_time(left))
    order = [j for _, j in pairs]
    if order != sorted(order):
        shown_ids = ([a[i].order_id for i, _ in pairs[:20]], [b[j].order_id for j in sorted(order)[:20]])
        yield Difference(
            group=group, field="", a=shown_ids[0], b=shown_ids[1], path=f"{group}.order", note="other order"
        )


def _missing(group: str, row: Trade | OpenPosition, *, there: str, first: bool) -> Difference:
    brief = {
        name: getattr(row, name)
        for name in ("direction", "order_type", "entry_time_ns", "exit_time_ns", "entry_price", "exit_price", "reason")
        if getattr(row, name, UNSET) is not UNSET
    }
    return Difference(
        group=group, field="", a=brief if first else None, b=None if first else brief, order=row.order_id,
        path=f"{group}[order {row.order_id}]", note=f"only in {there}", time=_time(row),
    )  # fmt: skip


def _time(row: Trade | OpenPosition) -> int:
    """When a row came to be what it is, for the order of findings."""
    times = (getattr(row, name, None) for name in ("exit_time_ns", "trigger_time_ns", "entry_time_ns"))
    return next(time for time in times if isinstance(time, int))


def _compare_equity(
    a: Sequence[tuple[int, float]], b: Sequence[tuple[int, float]], tolerances: Tolerances
) -> Iterable[Difference]:
    """The first point that differs; what follows is its consequence."""
    if len(a) != len(b):
        yield Difference(group="account", field="length", a=len(a), b=len(b), path="equity.length")
    for i, ((left_ts, left), (right_ts, right)) in enumerate(zip(a, b, strict=False)):
        if left_ts != right_ts:
            path = f"equity[{i}].timestamp_ns"
            yield Difference(group="account", field="timestamp_ns", a=left_ts, b=right_ts, path=path)
            return
        if not tolerances.equal("account", "equity", left, right):
            note = f"first of the points that differ, at {moment(left_ts)}"
            path = f"equity[{i}].equity"
            yield Difference(group="account", field="equity", a=left, b=right, path=path, note=note, time=left_ts)
            return


def _compare_metrics(
    a: dict[str, Any], b: dict[str, Any], tolerances: Tolerances, names: Names
) -> Iterable[Difference]:
    """Metrics that one side alone has, each with its name, then those of both by value."""
    for name in sorted(a.keys() ^ b.keys()):
        there = names[0] if name in a else names[1]
        yield Difference(
            group="metrics", field=name, a=a.get(name), b=b.get(name), path=f"metrics.{name}", note=f"only in {there}"
        )
    for name, value in a.items():
        if name in b and not tolerances.equal("metrics", name, value, b[name]):
            yield Difference(group="metrics", field=name, a=value, b=b[name], path=f"metrics.{name}")
