"""Profiles, shards and several processes: what runs is what was asked for, and no case twice."""

from __future__ import annotations

import pickle
from itertools import chain, islice

import pytest

from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.profiles import PROFILES, Profile, chosen
from parity.harness.report.session import MarketRun, Pace, Session

NOTHING = {"cases": None, "seconds": None, "seed": None, "shard": None}


def test_shards_share_the_sweep_without_gap_or_overlap() -> None:
    shards = [chosen("ci", **{**NOTHING, "shard": f"{k}/3"}) for k in (1, 2, 3)]
    numbers = [list(chain.from_iterable(shard.chunks(1))) for shard in shards]
    assert sorted(chain.from_iterable(numbers)) == list(range(PROFILES["ci"].sweep))
    assert all(shard.narrowed for shard in shards)


def test_processes_under_a_time_limit_draw_different_cases() -> None:
    profile = chosen("nightly", **{**NOTHING, "shard": "2/2"})
    first, second = (set(islice(chunk, 50)) for chunk in profile.chunks(2))
    assert not first & second
    assert {n % 2 for n in first | second} == {1}


def test_fewer_cases_than_the_profile_has_do_not_gate_on_coverage() -> None:
    assert chosen("ci", **{**NOTHING, "cases": 50}).narrowed
    assert not chosen("ci", **{**NOTHING, "cases": 5000}).narrowed
    assert chosen("ci", **{**NOTHING, "cases": 50}).sweep == 38
    assert PROFILES["dev"].narrowed


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_shard_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(ValueError, match="--shard wants k/n"):
        chosen("ci", **{**NOTHING, "shard": shard})


def test_what_two_processes_have_seen_adds_up_in_the_one_that_reports() -> None:
    whole = Session()
    for i in range(2):
        part = Session(profile=Profile(name="x", examples=1, sweep=1), tolerances=Tolerances.load())
        part.add("sweep", CaseReport(case_id="a", verdict=Verdict.MATCH, trades=3, bars=10))
        part.paces["sweep"] = Pace(1, 2.0, 1.0, 0.5)
        part.coverage.add("V1", ["data M1"])
        part.coverage.add("V2", ["data M1"])
        part.market_runs.append(MarketRun(f"run {i}", Verdict.MATCH, 10, 3, 1.0, 0.1))
        part.failures += ["difference"] * i
        part.clocks.a = 1.5
        whole.merge(pickle.loads(pickle.dumps(part)))
    assert whole.total.cases == 2
    assert whole.total.trades == 6
    assert whole.paces["sweep"].cases == 2
    assert whole.paces["sweep"].harness == pytest.approx(1.0)
    assert whole.coverage.count("data M1") == 2
    assert whole.failures == ["difference"]
    assert whole.clocks.a == 3.0
    assert whole.processes == 2
