"""The table of switches that the migration prints says what the ADRs and the schema say."""

from __future__ import annotations

import re
from pathlib import Path

import bt
import pytest
from bt.migrate import SWITCHES

ADRS = Path(__file__).resolve().parents[2] / "ADRs"


def test_the_table_has_exactly_the_switches_of_the_schema() -> None:
    names = list(bt.schema("config")["$defs"]["Semantics"]["properties"])
    assert len(names) > 20
    assert sorted(switch.name for switch in SWITCHES) == sorted(names)


def test_each_row_names_the_adr_of_its_switch() -> None:
    fronts = {path: path.read_text(encoding="utf-8").split("---")[1] for path in ADRS.glob("[0-9]*.md")}
    found = {path: re.search(r"^switch: (\w+)$", front, re.MULTILINE) for path, front in fronts.items()}
    decided = {switch[1]: int(path.name[:4]) for path, switch in found.items() if switch}
    assert len(decided) > 20
    assert {switch.name: switch.adr for switch in SWITCHES} == decided


@pytest.mark.parametrize("switch", SWITCHES, ids=[switch.name for switch in SWITCHES])
def test_an_effect_is_one_line_of_its_own(switch: object) -> None:
    line = str(switch)
    assert len(line) < 120
    assert "\n" not in line
    assert len({s.effect for s in SWITCHES}) == len(SWITCHES)
