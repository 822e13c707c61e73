"""Pinned cases: witnesses and every failure that was ever shrunk, equal with all switches at v1."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.case import Case
from parity.harness.describe import describe
from parity.harness.hunt import Hunt
from parity.harness.locate import first_parting
from parity.harness.runner import Pair
from parity.harness.session import Session
from parity.harness.verdict import Verdict
from parity.harness.versions import command

CASES = sorted((Path(__file__).resolve().parent / "cases").glob("*.json"))


def test_there_are_pinned_cases() -> None:
    assert len(CASES) >= 26


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pinned_case_is_equal_with_all_switches_at_v1(path: Path, hunt: Hunt, session: Session) -> None:
    examined = hunt.look(Case.load(path))
    session.add("pinned", examined.report)
    assert examined.report.verdict is Verdict.MATCH, (
        f"{describe(hunt.pair, examined)}\nreplay with: {command()} replay {path}"
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_both_engines_tell_the_same_story_of_a_pinned_case(path: Path, pair: Pair) -> None:
    prepared = pair.prepare(Case.load(path))
    a, b = pair.reference(prepared, events=True), pair.candidate(prepared, {}, events=True)
    assert a.outcome is not None
    assert b.outcome is not None
    assert a.outcome["events"], "a story without events proves nothing"
    parting = first_parting(a.outcome["events"], b.outcome["events"])
    assert parting is None, str(parting)
