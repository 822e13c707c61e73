"""Generated cases: with all switches at v1 there is no difference at all, traces included."""

from __future__ import annotations

import time

import pytest

from parity.harness.hunt import Hunt
from parity.harness.profiles import Profile
from parity.harness.session import Pace, Session


def conclude(hunt: Hunt, session: Session, name: str) -> None:
    """Fails with one shrunk case of each kind of difference."""
    if hunt.kinds:
        found = hunt.conclude(name=name)
        session.findings += [f"FOUND {item.text}" for item in found]
        pytest.fail(f"{len(hunt.kinds)} kinds of differences\n" + "\n\n".join(item.text for item in found))


def test_cases_of_hypothesis_are_equal_with_all_switches_at_v1(hunt: Hunt, session: Session, profile: Profile) -> None:
    if profile.examples == 0:
        return
    clocks = hunt.pair.clocks
    before, began, seen = (clocks.a, clocks.b), time.perf_counter(), 0

    for case in hunt.drawn(profile.examples):
        session.add("drawn by Hypothesis", hunt.look(case).report)
        seen += 1
    pace = Pace(seen, time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
    session.paces.setdefault("drawn by Hypothesis", Pace()).add(pace)
    conclude(hunt, session, "hypothesis")
    assert seen >= profile.examples // 2


def test_cases_of_the_sweep_are_equal_with_all_switches_at_v1(
    chunk: range, hunt: Hunt, session: Session, profile: Profile
) -> None:
    clocks = hunt.pair.clocks
    before, began, seen = (clocks.a, clocks.b), time.perf_counter(), 0
    for case, made in hunt.sweep(profile.seed, chunk):
        session.add("sweep", hunt.look(case, made).report)
        seen += 1
        if profile.seconds is not None and time.perf_counter() - began > profile.seconds:
            break
    pace = Pace(seen, time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
    session.paces.setdefault("sweep", Pace()).add(pace)
    conclude(hunt, session, f"sweep-{profile.seed}-{chunk.start}")
    assert seen > 0
