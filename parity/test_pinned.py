"""Pinned cases: witnesses and every failure that was ever shrunk, equal with all switches at v1."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.case import Case
from parity.harness.runner import Pair
from parity.harness.session import Session
from parity.harness.verdict import Verdict

CASES = sorted((Path(__file__).resolve().parent / "cases").glob("*.json"))


def test_there_are_pinned_cases() -> None:
    assert len(CASES) >= 26


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pinned_case_is_equal_with_all_switches_at_v1(path: Path, pair: Pair, session: Session) -> None:
    report = pair.run(Case.load(path))
    session.add("pinned", report)
    assert report.verdict is Verdict.MATCH, str(report)
