"""Every spelling and every stratum is drawn, and is found again in the config that holds it."""

from __future__ import annotations

from collections import Counter

import pytest

from parity.harness.coverage.registry import BRANCHES
from parity.harness.generate.cases import STRATUM, build_case, sweep_case
from parity.harness.generate.choices import Given
from parity.harness.generate.respell import RESPELL
from parity.harness.generate.strata import STRATA, USUAL
from parity.harness.model.limits import EVERYTHING
from parity.harness.model.plain import plain, refused, taken
from parity.harness.model.spellings import REFUSED, TAKEN

NAMES = [one.name for one in (*TAKEN, *REFUSED)]
CASES = [sweep_case(5, number) for number in range(2400)]


def test_every_spelling_has_a_branch_and_a_way_of_writing_it() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == RESPELL.keys()
    assert {f"spelled {one.name}" for one in TAKEN} | {f"refused {one.name}" for one in REFUSED} <= BRANCHES.keys()


def test_a_sweep_draws_every_spelling_and_finds_it_in_its_config() -> None:
    seen: Counter[str] = Counter()
    for case, _ in CASES:
        found = {one.name for one, _ in (*taken(case), *refused(case))}
        drawn = {tag.removeprefix("spelling ") for tag in case.tags if tag.startswith("spelling ")}
        assert drawn <= found, case.tags
        seen.update(drawn)
    assert set(NAMES) - seen.keys() == set()


def test_a_sweep_draws_every_stratum_and_most_cases_as_usual() -> None:
    seen = Counter(tag.removeprefix(STRATUM) for case, _ in CASES for tag in case.tags if tag.startswith(STRATUM))
    assert seen.keys() == {USUAL, *STRATA}
    assert sum(seen.values()) == len(CASES)
    assert min(seen.values()) >= 10, seen
    assert seen[USUAL] > 0.4 * len(CASES)


def test_only_the_stratum_of_refusals_holds_what_v1_refused() -> None:
    strata = {tag for case, _ in CASES if refused(case) for tag in case.tags if tag.startswith(STRATUM)}
    assert strata == {f"{STRATUM}refused"}


def test_a_config_in_the_usual_spelling_is_left_as_it_is_and_any_other_becomes_one() -> None:
    changed = 0
    for case, _ in CASES:
        if refused(case):
            continue
        usual = plain(case.config)
        if not taken(case):
            assert usual is case.config
        left = {one.name for one, _ in taken(case) if one.name in {n for n, _ in _left(usual)}}
        assert left <= {"session seconds", "offset short", "anchors list", "dev seed"}, left
        changed += usual is not case.config
    assert changed > 200


def _left(config: object) -> list[tuple[str, str]]:
    return [(one.name, path) for one in TAKEN for path in one.find(config)]  # type: ignore[arg-type]


def test_a_respelled_case_is_made_again_by_its_choices() -> None:
    for case, made in CASES[:200]:
        assert build_case(Given(made)).to_json() == case.to_json()


@pytest.mark.parametrize("number", range(3))
def test_without_spellings_none_is_drawn(number: int) -> None:
    limits = EVERYTHING.narrowed({"spellings": False})
    for case, _ in (sweep_case(number, i, limits) for i in range(150)):
        assert not taken(case)
        assert not refused(case)
