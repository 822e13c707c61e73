"""What differs, for people: DeepDiff over the rows that differ only. Pure.

DeepDiff on whole outcomes takes minutes; ``compare`` has already found the few rows that differ, so that only those
are handed to it. Its ``math_epsilon`` stays off: what counts as equal is decided by ``compare`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from deepdiff import DeepDiff

from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.model.times import moment
from parity.harness.oracle.compare import Difference


def _row(outcome: Outcome, group: str, order: int) -> Mapping[str, Any] | None:
    rows = getattr(outcome, group)
    found = None if rows is msgspec.UNSET else next((row for row in rows if row.order_id == order), None)
    if found is None:
        return None
    values = msgspec.structs.asdict(found)
    return {name: moment(x) if name.endswith("_ns") and isinstance(x, int) else x for name, x in values.items()}


def render(a: Outcome | Refusal, b: Outcome | Refusal, differences: Sequence[Difference], *, most: int = 3) -> str:
    """The first ``most`` rows that differ, field by field, and whatever else differs, one line each."""
    if isinstance(a, Refusal) or isinstance(b, Refusal):
        return "\n".join(str(d) for d in differences)
    rows = list(dict.fromkeys((d.group, d.order) for d in differences if d.order is not None))
    rest = [str(d) for d in differences if d.order is None]
    parts = []
    for group, order in rows[:most]:
        diff = DeepDiff(_row(a, group, order), _row(b, group, order), verbose_level=2)
        lines = "\n".join(f"  {line}" for line in diff.pretty().splitlines())
        parts.append(f"{group}, order {order}:\n{lines}")
    if len(rows) > most:
        parts.append(f"... and {len(rows) - most} more rows")
    return "\n".join([*parts, *rest[:12]])
