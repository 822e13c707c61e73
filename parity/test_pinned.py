"""Pinned cases: witnesses and every failure that was ever minimised, equal with all switches at v1."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.model.case import Case
from parity.harness.model.outcome import Outcome
from parity.harness.model.provenance import command
from parity.harness.oracle.verdict import Verdict, require_match
from parity.harness.report.session import Session
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.describe import describe

CASES = sorted((Path(__file__).resolve().parent / "cases").glob("*.json"))


def test_there_are_pinned_cases() -> None:
    assert len(CASES) >= 26


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pinned_case_is_equal_with_all_switches_at_v1_traces_included(
    path: Path, campaign: Campaign, session: Session
) -> None:
    examined = campaign.examine(Case.load(path))
    session.add("pinned", examined.report)
    if examined.report.verdict is not Verdict.MATCH:
        text = f"{describe(campaign.pair, examined)}\nreplay with: {command()} replay {path}"
        require_match(examined.report, text)
    for name, answer in ((campaign.pair.a.name, examined.a), (campaign.pair.b.name, examined.b)):
        if isinstance(answer.outcome, Outcome) and answer.outcome.trace is not None:
            assert answer.outcome.trace, f"{name} gave a trace without events, which proves nothing"
