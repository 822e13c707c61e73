"""Profiles and shards: what runs is what was asked for, and no case twice."""

from __future__ import annotations

from itertools import chain, islice

import pytest

from parity.harness.report.profiles import PROFILES, chosen

NOTHING = {"cases": None, "seconds": None, "seed": None, "shard": None}


def test_shards_share_the_sweep_without_gap_or_overlap() -> None:
    shards = [chosen("ci", **{**NOTHING, "shard": f"{k}/3"}) for k in (1, 2, 3)]
    numbers = [list(chain.from_iterable(shard.chunks(1))) for shard in shards]
    assert sorted(chain.from_iterable(numbers)) == list(range(PROFILES["ci"].sweep))
    small = [chosen("ci", **{**NOTHING, "cases": 12, "shard": f"{k}/2"}) for k in (1, 2)]
    assert [list(chain.from_iterable(shard.chunks(1))) for shard in small] == [[0, 2, 4, 6, 8], [1, 3, 5, 7]]


def test_processes_under_a_time_limit_draw_different_cases() -> None:
    profile = chosen("nightly", **{**NOTHING, "shard": "2/2"})
    first, second = (set(islice(chunk, 50)) for chunk in profile.chunks(2))
    assert not first & second
    assert {n % 2 for n in first | second} == {1}


def test_fewer_cases_than_the_profile_has_are_said_to_be_fewer() -> None:
    assert chosen("ci", **{**NOTHING, "cases": 50}).reduced == "1,250 of the 1,300 generated cases (--cases 50)"
    assert not chosen("ci", **{**NOTHING, "cases": 5000}).reduced
    assert chosen("ci", **{**NOTHING, "cases": 50}).sweep == 38
    assert chosen("nightly", **{**NOTHING, "seconds": 60.0}).reduced.startswith("1800 s of the sweep")
    assert not chosen("nightly", **{**NOTHING, "seconds": 3600.0}).reduced
    assert not chosen("ci", **{**NOTHING, "shard": "1/2"}).reduced


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cases": 0}, "at least 1"),
        ({"cases": -5}, "at least 1"),
        ({"seconds": 0.0}, "a positive number"),
        ({"seconds": float("nan")}, "a positive number"),
        ({"seconds": float("inf")}, "a positive number"),
    ],
)
def test_options_by_which_nothing_is_generated_are_refused(options: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chosen("ci", **{**NOTHING, **options})


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="dev, ci, nightly"):
        chosen("huge", **NOTHING)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "1/2/3", "-1/2", ""])
def test_a_shard_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(ValueError, match="--shard wants k/n"):
        chosen("ci", **{**NOTHING, "shard": shard})
