"""Generated cases: with all switches at v1 there is no difference at all, traces included."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from parity.harness.oracle.verdict import CaseReport, DivergenceError, IncomparableError, Verdict
from parity.harness.report.profiles import Profile
from parity.harness.report.session import Session
from parity.harness.report.tally import Pace
from parity.harness.triage.campaign import Campaign


@contextmanager
def counted(part: str, campaign: Campaign, session: Session) -> Iterator[list[CaseReport]]:
    """Collects the reports of a part and records its speed, also when it breaks off."""
    reports: list[CaseReport] = []
    clocks = campaign.pair.clocks
    before, began = (clocks.a, clocks.b), time.perf_counter()
    try:
        yield reports
    finally:
        for report in reports:
            session.add(part, report)
        pace = Pace(len(reports), time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
        session.paces.setdefault(part, Pace()).add(pace)


def conclude(campaign: Campaign, session: Session, name: str, reports: list[CaseReport]) -> None:
    """Fails with one minimised case of each kind of difference."""
    assert reports, "no case was generated"
    if not campaign.kinds:
        return
    found = campaign.conclude(name=name)
    session.findings += [f"FOUND {item.text}" for item in found]
    text = f"{len(campaign.kinds)} kinds of differences\n" + "\n\n".join(item.text for item in found)
    if any(report.verdict is Verdict.UNEXPLAINED for report in reports):
        raise DivergenceError(text)
    raise IncomparableError(text)


def test_cases_of_hypothesis_are_equal_with_all_switches_at_v1(
    campaign: Campaign, session: Session, profile: Profile
) -> None:
    if profile.examples == 0:
        pytest.skip("no cases drawn by Hypothesis: --cases leaves none of them")
    with counted("drawn by Hypothesis", campaign, session) as reports:
        reports.extend(campaign.examine(case).report for case in campaign.drawn(profile.examples))
    conclude(campaign, session, "hypothesis", reports)
    assert len(reports) >= profile.examples // 2, "Hypothesis drew fewer cases than were asked for"


def test_cases_of_the_sweep_are_equal_with_all_switches_at_v1(
    chunk: range, campaign: Campaign, session: Session, profile: Profile
) -> None:
    began = time.perf_counter()
    with counted("sweep", campaign, session) as reports:
        for case, made in campaign.sweep(profile.seed, chunk):
            reports.append(campaign.examine(case, made).report)
            if profile.seconds is not None and time.perf_counter() - began > profile.seconds:
                break
    conclude(campaign, session, f"sweep-{profile.seed}-{chunk.start}", reports)
    if profile.seconds is None:
        assert len(reports) == len(chunk), "the sweep ended before its last case"
