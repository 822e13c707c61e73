"""Two outcomes in, a list of differences out. Pure: no engines, no pytest, no clock.

Equal outcomes cost one ``==``. Otherwise trades are aligned by order id, so that one missing trade is one
difference, and everything that has its own tolerance is compared with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity.harness.outcome import OPEN_FIELDS, TRADE_FIELDS, Outcome, is_refusal

TOLERANCES_FILE = Path(__file__).resolve().parent.parent / "tolerances.toml"
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
) -> Iterable[Difference]:
    for name in names:
        if not tolerances.equal(group, name, a.get(name), b.get(name)):
            yield Difference(path=f"{prefix}{name}", a=a.get(name), b=b.get(name), group=group)


def _compare_rows(
    group: str,
    a: list[dict[str, Any]],
    b: list[dict[str, Any]],
    fields: tuple[str, ...],
    tolerances: Tolerances,
) -> Iterable[Difference]:
    """Rows aligned by order id: a missing row is one difference."""
    if a == b:
        return
    left, right = {row["order_id"]: row for row in a}, {row["order_id"]: row for row in b}
    for order, row in left.items():
        if order not in right:
            yield Difference(path=f"{group}[order {order}]", a=_brief(row), b=None, group=group, note="only in A")
    for order, row in right.items():
        if order not in left:
            yield Difference(path=f"{group}[order {order}]", a=None, b=_brief(row), group=group, note="only in B")
    for order, row in left.items():
        if order in right and row != right[order]:
            yield from _compare_values(group, f"{group}[order {order}].", row, right[order], fields, tolerances)
    shared_a = [row["order_id"] for row in a if row["order_id"] in right]
    shared_b = [row["order_id"] for row in b if row["order_id"] in left]
    if shared_a != shared_b:
        yield Difference(path=f"{group}.order", a=shared_a[:20], b=shared_b[:20], group=group, note="other order")


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
