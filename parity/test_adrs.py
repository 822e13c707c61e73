"""Every ADR about a switch runs: equal at v1, different at v2, and different in the way it says."""

from __future__ import annotations

import pytest

from parity.harness.adr import record as adrs
from parity.harness.engines import SWITCHES
from parity.harness.oracle.verdict import DivergenceError
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair

ALL = adrs.load_all()
ABOUT_SWITCHES = [adr for adr in ALL if adr.switch and adr.accepted]


def test_each_switch_has_exactly_one_adr_and_each_adr_a_switch_that_exists() -> None:
    assert adrs.unmatched(ALL, SWITCHES) == []
    assert len(ABOUT_SWITCHES) == len(SWITCHES) == 27


@pytest.mark.parametrize("adr", ABOUT_SWITCHES, ids=lambda adr: adr.switch)
def test_witness_shows_exactly_the_effect_that_the_adr_describes(adr: adrs.Adr, pair: Pair, session: Session) -> None:
    fault = adrs.check(adr, pair)
    if fault is not None:
        raise DivergenceError(f"{adr.path.name}: {fault}")
    session.adrs += 1
