"""Rates of a sweep: counted by stratum, kept in a file that is read strictly, joined from shards."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.triage.rates import Rates, RatesError, verdict_of

KIND = ("event", "signal", "scenario 6")
CASE = BUILDERS["exit_gap"]()


def rates(k: int = 1, n: int = 2, *, differing: int = 1) -> Rates:
    out = Rates("abc", 3, ("old", "new"), [(k, n)])
    for number in range(4):
        verdict = Verdict.UNEXPLAINED if number < differing else Verdict.MATCH
        case = replace(CASE, tags=("stratum flat" if number % 2 else "stratum usual",))
        report = CaseReport(case_id="x", verdict=verdict, trades=2, refused=number == 3)
        out.add(10 + number, case, report, KIND if number < differing else None)
    out.coverage.add("old", ["trend above"])
    return out


def test_cases_are_counted_by_stratum_and_kinds_with_their_strata() -> None:
    found = rates(differing=3)
    assert found.done == 4
    assert (found.strata["flat"].cases, found.strata["flat"].match, found.strata["usual"].unexplained) == (2, 1, 2)
    assert found.kinds[KIND].strata == {"usual": 2, "flat": 1}
    assert found.kinds[KIND].first == 10
    assert verdict_of(found) is Verdict.UNEXPLAINED
    assert verdict_of(rates(differing=0)) is Verdict.MATCH
    text = "\n".join(found.lines())
    assert "25.000%" in text
    assert "3  event, signal, scenario 6 (usual 2, flat 1; first: case 10)" in text


def test_shards_of_one_sweep_are_joined_and_others_are_refused() -> None:
    whole, other = rates(1), rates(2)
    whole.merge(other)
    assert (whole.done, whole.total.trades, whole.kinds[KIND].count) == (8, 16, 2)
    assert whole.coverage.count("trend above") == 2
    for wrong, words in (
        (rates(2), "or is there already"), (rates(1, 3), "does not belong"),
        (Rates("abd", 3, ("old", "new"), [(2, 2)]), "another commit"),
        (Rates("abc", 4, ("old", "new"), [(2, 2)]), "another seed"),
    ):  # fmt: skip
        with pytest.raises(RatesError, match=words):
            whole.merge(wrong)


def test_rates_are_read_as_they_were_written() -> None:
    again = Rates.decode(rates().encode())
    assert again.encode() == rates().encode()
    assert again.lines() == rates().lines()


def put(**changes: Any) -> bytes:
    return json.dumps({**json.loads(rates().encode()), **changes}).encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "truncated"),
        (put(format="x"), "format is 'x'"),
        (put(more=1), "unknown field `more`"),
        (put(done=-1), "at `$.done`"),
        (put(strata={"flat": {"cases": -1}}), "at `$.strata"),
        (put(shards=[[2, 1]]), "1 <= k <= n"),
        (put(shards=[]), "1 <= k <= n"),
        (put(hits={"old": {"no such": 1}}), "no such rule branch: no such"),
        (b"[" * 100_000, "expected|Expected|recursion|depth"),
        (b" " * ((16 << 20) + 1), "more than 16 MiB"),
    ],
)
def test_a_file_that_holds_no_rates_is_refused_with_the_place(text: bytes, words: str) -> None:
    with pytest.raises(RatesError, match=words.replace("$", r"\$").replace("(", r"\(")):
        Rates.decode(text)
