"""Drafts an ADR about a switch from a case that shows it, with the evidence already filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from parity.harness.adr.effects import effect_of
from parity.harness.adr.front import PARTS
from parity.harness.adr.record import ADR_DIR, REPOSITORY, UNWRITTEN, pages
from parity.harness.oracle.compare import Difference

TEMPLATE = """---
status: proposed
date: {date}
switch: {switch}
v1: {todo}
v2: {todo}
affects: [{affects}]
witness: {witness}
migration: {todo}
effect:
{effect}
---
# {number:04}. {title}

## Context

{todo}. The witness has {bars} bars; the effect above is what V2 does otherwise on it with this switch alone at `v2`.

## Considered options

* **{todo}** (chosen): {todo}
* **{todo}**: {todo}; it lost because {todo}

## Decision

{todo}

## Consequences

Good: {todo}

Bad: {todo}

## Confirmation

`pytest parity/test_adrs.py -k {switch}` runs the witness: equal with the switch at `v1`, and with it alone at `v2`
exactly the effect above.
"""
TODO = UNWRITTEN


def next_number(folder: Path = ADR_DIR) -> int:
    """One more than the largest number in use."""
    return 1 + max((int(m[1]) for p in folder.glob("*.md") if (m := re.match(r"(\d{4})-", p.name))), default=0)


def decided(switch: str, folder: Path = ADR_DIR) -> tuple[Path, str] | None:
    """The page about a switch that is in force or drafted already, and its status; pages out of form count, too."""
    for path in pages(folder):
        head = path.read_text(encoding="utf-8", errors="replace").split("---\n", 2)[1:2]
        lines = {key: value.strip() for key, _, value in (line.partition(":") for line in "".join(head).splitlines())}
        status = lines.get("status", "without status")
        if lines.get("switch", "").strip("\"'") == switch and status not in ("superseded", "rejected"):
            return path, status
    return None


def refuse_second(switch: str, folder: Path = ADR_DIR) -> None:
    """Raises a ValueError that names the ADR about a switch, where it has one."""
    known = decided(switch, folder)
    if known is not None:
        path, status = known
        raise ValueError(
            f"{switch} has an ADR: {path.name} ({status}). To decide otherwise, set its status to superseded and "
            f"superseded_by to {next_number(folder)}, then run this again"
            + ("; a draft is simply finished" if status == "proposed" else "")
        )


def witness_path(case: Path) -> str:
    """A case file's path relative to the repository; ValueError when it lies elsewhere."""
    try:
        path = case.resolve().relative_to(REPOSITORY)
    except ValueError as error:
        raise ValueError(f"{case} lies outside the repository: copy it to parity/cases first") from error
    if path.parts[:2] != ("parity", "cases"):
        raise ValueError(f"{path} is no pinned case: copy it to parity/cases first")
    return path.as_posix()


def draft(switch: str, witness: Path, differences: Sequence[Difference], *, bars: int, folder: Path = ADR_DIR) -> Path:
    """Writes ``NNNN-<switch>.md``; ValueError when there is an ADR already or the case does not show the switch."""
    refuse_second(switch, folder)
    number = next_number(folder)
    if not differences:
        raise ValueError(f"{witness.name} does not differ with {switch} at v2: it is no witness of it")
    effect = effect_of(differences)
    heads = {change.field.partition(".")[0] for change in effect}
    text = TEMPLATE.format(
        date=datetime.now(UTC).date().isoformat(), switch=switch, todo=TODO, witness=witness_path(witness), bars=bars,
        affects=", ".join(part for part in PARTS if part in heads), number=number,
        effect="\n".join(f"  - {change}" for change in effect), title=switch.replace("_", " ").capitalize(),
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:04}-{switch.replace('_', '-')}.md"
    with path.open("x", encoding="utf-8") as handle:
        handle.write(text)
    return path
