"""Generated cases: with all switches at v1 there is no difference at all, traces included."""

from __future__ import annotations

import time

import pytest

from parity.harness.report.profiles import Profile
from parity.harness.report.session import Pace, Session
from parity.harness.triage.campaign import Campaign


def conclude(campaign: Campaign, session: Session, name: str) -> None:
    """Fails with one minimised case of each kind of difference."""
    if campaign.kinds:
        found = campaign.conclude(name=name)
        session.findings += [f"FOUND {item.text}" for item in found]
        pytest.fail(f"{len(campaign.kinds)} kinds of differences\n" + "\n\n".join(item.text for item in found))


def test_cases_of_hypothesis_are_equal_with_all_switches_at_v1(
    campaign: Campaign, session: Session, profile: Profile
) -> None:
    if profile.examples == 0:
        return
    clocks = campaign.pair.clocks
    before, began, seen = (clocks.a, clocks.b), time.perf_counter(), 0

    for case in campaign.drawn(profile.examples):
        session.add("drawn by Hypothesis", campaign.examine(case).report)
        seen += 1
    pace = Pace(seen, time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
    session.paces.setdefault("drawn by Hypothesis", Pace()).add(pace)
    conclude(campaign, session, "hypothesis")
    assert seen >= profile.examples // 2


def test_cases_of_the_sweep_are_equal_with_all_switches_at_v1(
    chunk: range, campaign: Campaign, session: Session, profile: Profile
) -> None:
    clocks = campaign.pair.clocks
    before, began, seen = (clocks.a, clocks.b), time.perf_counter(), 0
    for case, made in campaign.sweep(profile.seed, chunk):
        session.add("sweep", campaign.examine(case, made).report)
        seen += 1
        if profile.seconds is not None and time.perf_counter() - began > profile.seconds:
            break
    pace = Pace(seen, time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
    session.paces.setdefault("sweep", Pace()).add(pace)
    conclude(campaign, session, f"sweep-{profile.seed}-{chunk.start}")
    assert seen > 0
