"""Drafts an ADR about a switch from a case that shows it, with the evidence already filled in (spec 10.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from parity.harness.adr.record import ADR_DIR, REPOSITORY, UNWRITTEN
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.grouping import grouped

TEMPLATE = """---
status: proposed
date: {date}
switch: {switch}
v1: {todo}
v2: {todo}
affects: [{affects}]
witness: {witness}
effect: {{path: {path}, sign: {sign}, size: {size}}}
migration: {todo}
---

# {number:04}. {title}

## Context

{todo}. What the engines do with the witness ({bars} bars):

{evidence}

## Decision

{todo}

## Consequences

{todo}

## Confirmation

`omega-parity adr check` runs the witness: equal with the switch at `v1`; with it at `v2` the first difference is
`{path}`, as the front matter says.
"""
TODO = UNWRITTEN


def next_number(folder: Path = ADR_DIR) -> int:
    """One more than the largest number in use."""
    return 1 + max((int(m[1]) for p in folder.glob("*.md") if (m := re.match(r"(\d{4})-", p.name))), default=0)


def sign_and_size(difference: Difference) -> tuple[str, float]:
    """Direction and size of a difference in the words of an ADR's front matter."""
    a, b = difference.a, difference.b
    if difference.path == "error.code" and b is not None:
        return "refused", float(b)
    if a is None or b is None:
        return ("appears" if a is None else "disappears"), 1.0
    if isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool):
        return ("+" if b > a else "-"), abs(b - a)
    return "other", 1.0


def draft(switch: str, witness: Path, differences: Sequence[Difference], *, bars: int, folder: Path = ADR_DIR) -> Path:
    """Writes ``NNNN-<switch>.md``; ValueError when the case does not show the switch."""
    if not differences:
        raise ValueError(f"{witness.name} does not differ with {switch} at v2: it is no witness of it")
    first = differences[0]
    sign, size = sign_and_size(first)
    evidence = "\n".join(
        f"- `{line}`" for finding in grouped(differences)[:3] for line in str(finding).splitlines()[:2]
    )
    try:
        shown = witness.resolve().relative_to(REPOSITORY)
    except ValueError:
        shown = witness
    number = next_number(folder)
    text = TEMPLATE.format(
        date=datetime.now(UTC).date().isoformat(), switch=switch, todo=TODO, witness=shown, sign=json.dumps(sign),
        affects=re.split(r"[.\[]", first.path)[0], path=json.dumps(first.path), size=repr(size), bars=bars,
        number=number, title=switch.replace("_", " ").capitalize(), evidence=evidence,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:04}-{switch.replace('_', '-')}.md"
    with path.open("x", encoding="utf-8") as handle:
        handle.write(text)
    return path
