"""Differences grouped for a reader: each kind once, causes with their consequences under them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from parity.harness.oracle.compare import Difference

#: What follows from other trades or positions and says nothing by itself.
CONSEQUENCES = ("account", "metrics", "events")


@dataclass
class Finding:
    """One kind of difference: where it shows first, how often, and what follows from it."""

    first: tuple[Difference, ...]
    rows: int = 1
    consequences: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        lines = [str(difference) for difference in self.first]
        if self.rows > 1:
            lines.append(f"and {self.rows - 1} more rows in the same fields")
        if self.consequences:
            counts = ", ".join(f"{n} in {group}" for group, n in self.consequences.items())
            lines.append(f"follows from it: {counts}")
        return "\n  ".join(lines)


def earliest(differences: Sequence[Difference]) -> Difference:
    """The first difference of the first group that has any, rows before what belongs to no moment."""
    group = [difference for difference in differences if difference.group == differences[0].group]
    return min(group, key=lambda d: (d.order is None, d.time is None, d.time or 0))


def grouped(differences: Sequence[Difference]) -> list[Finding]:
    """Findings, the earliest first. Rows that differ in the same fields are one finding."""
    rows: dict[tuple[str, int, bool], list[Difference]] = {}
    others: list[Difference] = []
    for difference in differences:
        if difference.order is None:
            others.append(difference)
        else:
            # A row that one side lacks is no pair with another of the same number.
            row = (difference.group, difference.order, not difference.field)
            rows.setdefault(row, []).append(difference)
    kinds: dict[tuple[str, ...], Finding] = {}
    for found in sorted(rows.values(), key=lambda row: row[0].time or 0):
        kind = (found[0].group, *(d.note or d.field for d in found))
        if kind in kinds:
            kinds[kind].rows += 1
        else:
            kinds[kind] = Finding(tuple(found))
    out = list(kinds.values())
    for difference in others:
        if out and difference.group in CONSEQUENCES:
            out[0].consequences[difference.group] += 1
        elif not out or out[-1].first[0].group != difference.group:
            out.append(Finding((difference,)))
        else:
            out[-1] = Finding((*out[-1].first, difference))
    return out
