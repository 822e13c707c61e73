"""Two outcomes in, a list of differences out. Pure: no engines, no pytest, no clock.

Equal outcomes cost one ``==``. Otherwise trades are aligned by what was ordered and when, so that one missing
trade is one difference, and everything that has its own tolerance is compared with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity.harness.model.plain import OPEN_FIELDS, TRADE_FIELDS, Outcome, is_refusal

TOLERANCES_FILE = Path(__file__).resolve().parents[2] / "tolerances.toml"
#: Groups in the order in which a reader should look at them: causes before consequences.
GROUPS = ("refusal", "trades", "open_positions", "account", "metrics", "events")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place in which two outcomes differ. ``a`` is the reference (V1), ``b`` the candidate (V2)."""

    path: str
    a: Any
    b: Any
    group: str
    note: str = ""
    #: When it shows, ns; None for what belongs to no moment.
    time: int | None = None

    def __str__(self) -> str:
        text = f"{self.path}: {self.a!r} -> {self.b!r}"
        return f"{text} ({self.note})" if self.note else text


@dataclass
class Tolerances:
    """Limits by group and field, and the largest share of each that was needed so far."""

    limits: dict[tuple[str, str], float]
    used: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = TOLERANCES_FILE) -> Tolerances:
        """Reads the file; ValueError for a limit without a reason."""
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        limits: dict[tuple[str, str], float] = {}
        for group, fields in raw.items():
            for name, rule in fields.items():
                if not rule.get("reason"):
                    raise ValueError(f"{path.name}: {group}.{name} has no reason")
                limits[group, name] = float(rule["relative"])
        return cls(limits)

    def equal(self, group: str, name: str, a: Any, b: Any) -> bool:
        """Whether two values count as equal; remembers how far apart they were."""
        if a == b:
            return type(a) is not bool or type(b) is bool
        limit = self.limits.get((group, name))
        if limit is None or not _is_number(a) or not _is_number(b):
            return False
        distance = abs(a - b) / max(1.0, abs(a))
        if distance > limit:
            return False
        key = (group, name)
        self.used[key] = max(self.used.get(key, 0.0), distance)
        return True

    def merge(self, other: Tolerances) -> None:
        """Takes over what another process has used."""
        for key, distance in other.used.items():
            self.used[key] = max(self.used.get(key, 0.0), distance)

    def report(self) -> list[tuple[str, float, float]]:
        """(field, limit, largest distance seen) of every limit."""
        return [(f"{g}.{n}", limit, self.used.get((g, n), 0.0)) for (g, n), limit in self.limits.items()]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(a: Outcome, b: Outcome, tolerances: Tolerances, *, limit: int = 200) -> list[Difference]:
    """All differences (at most ``limit``), causes before consequences; empty when the outcomes agree."""
    if a == b:
        return []
    if is_refusal(a) or is_refusal(b):
        return _compare_refusals(a, b)
    found: list[Difference] = []
    for part in (
        _compare_rows("trades", a["trades"], b["trades"], TRADE_FIELDS, tolerances),
        _compare_rows("open_positions", a["open_positions"], b["open_positions"], OPEN_FIELDS, tolerances),
        _compare_equity(a["equity"], b["equity"], tolerances),
        _compare_values("account", "", a, b, ("balance", "fees_total"), tolerances),
        _compare_metrics(a["metrics"], b["metrics"], tolerances),
    ):
        for difference in part:
            found.append(difference)
            if len(found) >= limit:
                return found
    return found


def _compare_refusals(a: Outcome, b: Outcome) -> list[Difference]:
    def code(outcome: Outcome) -> Any:
        return outcome["error"]["code"] if is_refusal(outcome) else None

    if code(a) == code(b):
        return []
    note = "; ".join(str(o["error"].get("message", "")) for o in (a, b) if is_refusal(o))
    return [Difference(path="error.code", a=code(a), b=code(b), group="refusal", note=note)]


def _compare_values(
    group: str,
    prefix: str,
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    names: Iterable[str],
    tolerances: Tolerances,
    *,
    time: int | None = None,
) -> Iterable[Difference]:
    for name in names:
        left, right = a.get(name), b.get(name)
        if left is not right and not tolerances.equal(group, name, left, right):
            yield Difference(path=f"{prefix}{name}", a=left, b=right, group=group, time=time)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two rows of different engines the same order, whatever number it has."""
    return row["entry_time_ns"], row["direction"], row["order_type"], row["initial_sl"]


def _aligned(
    a: list[dict[str, Any]], b: list[dict[str, Any]]
) -> tuple[list[tuple[int, int]], list[dict[str, Any]], list[dict[str, Any]]]:
    """(places of rows that belong together, rows only in A, rows only in B).

    By what was ordered and when; what is left over, by order id. So an order that one engine lacks does not shift
    all those after it, although its strategy counts them.
    """
    places: dict[tuple[Any, ...], list[int]] = {}
    for j in range(len(b) - 1, -1, -1):
        places.setdefault(_key(b[j]), []).append(j)
    pairs, left = [], []
    for i, row in enumerate(a):
        found = places.get(_key(row))
        if found:
            pairs.append((i, found.pop()))
        else:
            left.append(i)
    taken = {j for _, j in pairs}
    by_id = {b[j]["order_id"]: j for j in range(len(b)) if j not in taken}
    for i in left[:]:
        other = by_id.pop(a[i]["order_id"], None)
        if other is not None:
            pairs.append((i, other))
            left.remove(i)
    return sorted(pairs), [a[i] for i in left], [b[j] for j in sorted(by_id.values())]


def _compare_rows(
    group: str,
    a: list[dict[str, Any]],
    b: list[dict[str, Any]],
    fields: tuple[str, ...],
    tolerances: Tolerances,
) -> Iterable[Difference]:
    """Rows that belong together, field by field: a missing row is one difference, and so are rows in another order."""
    if a == b:
        return
    pairs, only_a, only_b = _aligned(a, b)
    for row in only_a:
        path = f"{group}[order {row['order_id']}]"
        yield Difference(path=path, a=_brief(row), b=None, group=group, note="only in A", time=_time(row))
    for row in only_b:
        path = f"{group}[order {row['order_id']}]"
        yield Difference(path=path, a=None, b=_brief(row), group=group, note="only in B", time=_time(row))
    # A strategy counts its orders, so those after a missing one have another number without being other orders.
    names = tuple(f for f in fields if f != "order_id") if only_a or only_b else fields
    for i, j in pairs:
        if a[i] != b[j]:
            prefix = f"{group}[order {a[i]['order_id']}]."
            yield from _compare_values(group, prefix, a[i], b[j], names, tolerances, time=_time(a[i]))
    order = [j for _, j in pairs]
    if order != sorted(order):
        shown = ([a[i]["order_id"] for i, _ in pairs[:20]], [b[j]["order_id"] for j in sorted(order)[:20]])
        yield Difference(path=f"{group}.order", a=shown[0], b=shown[1], group=group, note="other order")


def _time(row: Mapping[str, Any]) -> int:
    """When a row came to be what it is, for the order of findings."""
    for name in ("exit_time_ns", "trigger_time_ns", "entry_time_ns"):
        if row.get(name) is not None:
            return int(row[name])
    return 0


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "direction",
        "order_type",
        "entry_time_ns",
        "exit_time_ns",
        "entry_price",
        "exit_price",
        "reason",
    )
    return {name: row[name] for name in names if name in row}


def _compare_equity(a: list[Any], b: list[Any], tolerances: Tolerances) -> Iterable[Difference]:
    """The first point that differs; what follows is its consequence."""
    if a == b:
        return
    if len(a) != len(b):
        yield Difference(path="equity.length", a=len(a), b=len(b), group="account")
    for i, (left, right) in enumerate(zip(a, b, strict=False)):
        if left[0] != right[0]:
            yield Difference(path=f"equity[{i}].timestamp_ns", a=left[0], b=right[0], group="account")
            return
        if not tolerances.equal("account", "equity", left[1], right[1]):
            note = f"first of the points that differ, at {left[0]}"
            yield Difference(path=f"equity[{i}].equity", a=left[1], b=right[1], group="account", note=note)
            return


def _compare_metrics(a: Mapping[str, Any], b: Mapping[str, Any], tolerances: Tolerances) -> Iterable[Difference]:
    if a.keys() != b.keys():
        only_a, only_b = sorted(a.keys() - b.keys()), sorted(b.keys() - a.keys())
        yield Difference(path="metrics", a=only_a, b=only_b, group="metrics", note="other metrics")
        return
    yield from _compare_values("metrics", "metrics.", a, b, a.keys(), tolerances)
