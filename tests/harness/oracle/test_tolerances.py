"""A tolerance is relative to the reference, and the largest need of a run is what is reported."""

from __future__ import annotations

import pytest

from parity.harness.oracle.compare import Difference, Tolerances
from parity.harness.oracle.grouping import grouped

FEES = ("account", "fees_total")


def test_a_distance_is_relative_to_the_reference_and_not_to_the_candidate() -> None:
    tolerances = Tolerances({FEES: 0.5})
    assert not tolerances.equal(*FEES, 10.0, 16.0)
    assert tolerances.equal(*FEES, 16.0, 10.0)
    assert tolerances.report() == [("account.fees_total", 0.5, pytest.approx(6 / 16))]


def test_the_largest_distance_of_a_run_is_reported_and_not_the_last() -> None:
    tolerances = Tolerances({FEES: 0.5})
    for candidate in (2.5, 2.0, 2.0001):
        assert tolerances.equal(*FEES, 2.0, candidate)
    assert tolerances.report()[0][2] == 0.25


def test_the_earliest_difference_comes_first_whatever_the_order_of_the_rows() -> None:
    late, early = (
        Difference(group="trades", field=field, a=1.0, b=2.0, path=field, order=order, time=time)
        for field, order, time in (("size", 0, 900), ("result", 1, 100))
    )
    assert [finding.first[0] for finding in grouped([late, early])] == [early, late]
