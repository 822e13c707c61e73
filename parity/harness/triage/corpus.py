"""Small cases for the rule branches that are seldom taken, kept so that the gate takes every one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from parity.harness.coverage.execution import branches
from parity.harness.coverage.registry import BRANCHES
from parity.harness.generate.cases import sweep_case
from parity.harness.model.case import Case
from parity.harness.run.differential import Pair
from parity.harness.triage.minimise import Budget, Size, minimise


def keep_rare(pair: Pair, folder: Path, *, cases: int, below: int, seed: int) -> Iterator[str]:
    """Writes ``branch__<name>.json`` for each branch that fewer than ``below`` of the cases take; one line for each.

    A kept case is one on which the engines agree, minimised while it takes the branch.
    """
    counts: Counter[str] = Counter()
    examples: dict[str, int] = {}
    for number in range(cases):
        case, _ = sweep_case(seed, number)
        for name in _taken(pair, case):
            counts[name] += 1
            examples.setdefault(name, number)
    for name in BRANCHES:
        if counts[name] >= below:
            continue
        if name not in examples:
            yield f"{name}: not taken by any of {cases} cases"
            continue
        case, _ = sweep_case(seed, examples[name])

        def shows(candidate: Case, name: str = name) -> bool:
            return name in _taken(pair, candidate) and pair.examine(candidate).fingerprint is None

        small = minimise(case, shows, budget=Budget(seconds=20.0, tries=1000))
        saved = replace(
            small, id=f"branch__{name.replace(' ', '_')}", description=BRANCHES[name], tags=("branch", name), seen={}
        )
        path = saved.save(folder)
        yield f"{name}: {counts[name]} of {cases} cases; kept {path.name} with {Size.of(small).bars} bars"


def _taken(pair: Pair, case: Case) -> set[str]:
    answer = pair.candidate(pair.prepare(case), {}, events=True)
    return set() if answer.outcome is None else branches(case, answer.outcome)
