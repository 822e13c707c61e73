"""What differs, for people: DeepDiff over the pruned parts only. Pure.

DeepDiff on whole outcomes takes minutes; ``compare`` has already found the few rows that differ, so that only those
are handed to it. Its ``math_epsilon`` stays off: what counts as equal is decided by ``compare`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepdiff import DeepDiff

from parity.harness.model.plain import Outcome, is_refusal
from parity.harness.oracle.compare import Difference


def _row(outcome: Outcome, group: str, order: int) -> Mapping[str, Any] | None:
    return next((row for row in outcome[group] if row["order_id"] == order), None)


def render(a: Outcome, b: Outcome, differences: Sequence[Difference], *, most: int = 3) -> str:
    """The first ``most`` rows that differ, field by field, and whatever else differs, one line each."""
    if is_refusal(a) or is_refusal(b):
        return "\n".join(str(d) for d in differences)
    rows: dict[tuple[str, int], None] = {}
    rest = []
    for difference in differences:
        head, _, tail = difference.path.partition("[order ")
        if tail:
            rows[head, int(tail.partition("]")[0])] = None
        else:
            rest.append(str(difference))
    parts = []
    for group, order in list(rows)[:most]:
        diff = DeepDiff(_row(a, group, order), _row(b, group, order), verbose_level=2)
        lines = "\n".join(f"  {line}" for line in diff.pretty().splitlines())
        parts.append(f"{group}, order {order}:\n{lines}")
    if len(rows) > most:
        parts.append(f"... and {len(rows) - most} more rows")
    return "\n".join([*parts, *rest[:12]])
