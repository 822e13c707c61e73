"""ADRs of a folder: everything that is wrong with any of them, in one list."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr import record
from parity.harness.engines import SWITCHES
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Tolerances
from parity.harness.run.differential import Pair
from tests.harness import answers

SWITCH = "0015-exits-over-a-gap-take-the-open.md"
PLAIN = "0004-every-deliberate-difference-is-a-switch.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (SWITCH, PLAIN):
        shutil.copy(record.ADR_DIR / name, tmp_path / name)
    return tmp_path


def test_the_projects_adrs_are_in_form_and_every_switch_has_one() -> None:
    assert record.lint(record.ADR_DIR, SWITCHES) == []
    adrs = record.load_all()
    assert len(adrs) >= 36
    assert len(record.by_switch(adrs)) == len(SWITCHES) == 27


def test_a_folder_in_form_has_no_fault_but_the_switches_that_lack_an_adr(folder: Path) -> None:
    assert record.lint(folder) == []
    assert record.lint(folder, ["exit_gap", "warmup"]) == ["switch warmup has 0 accepted ADRs"]
    assert record.lint(folder, []) == [f"{SWITCH} is about an unknown switch exit_gap"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("status: accepted", "status: agreed", "front matter: status: Invalid enum value 'agreed'"),
        ("date: 2026-11-22", "date: 2999-01-01", "date: 2999-01-01 lies in the future"),
        ("date: 2026-11-22\n", "", "front matter: Object missing required field `date`"),
        ("---\nstatus", "status", "has no front matter"),
        ("# 0015. ", "# 0016. ", "its title must begin with # 0015."),
        ("## Considered options\n", "", "its sections are Context, Decision, Consequences, Confirmation"),
        ("* **", "- **", "Considered options has 0 entries"),
        ("Bad: ", "Also: ", "Consequences lacks Bad:"),
        ("parity/test_adrs.py", "parity/test_nothing.py", "names parity/test_nothing.py, which does not exist"),
        ("`pytest parity/test_adrs.py -k exit_gap`", "Somebody", "Confirmation names no test"),
        ("cases/switch__exit_gap.json", "cases/none.json", "witness: parity/cases/none.json does not exist"),
        ("## Context\n", "## Context\n" + "\n" * 20, "lines, 20 to 45 are wanted"),
        ("Good: ", "Good: TO BE WRITTEN ", "is a draft, and cannot be accepted: TO BE WRITTEN in line"),
    ],
)
def test_one_fault_is_found_and_named(folder: Path, old: str, new: str, words: str) -> None:
    path = folder / SWITCH
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = record.lint(folder)
    assert len(found) == 1, found
    assert found[0].startswith(f"{SWITCH}: ")
    assert words in found[0]
    with pytest.raises(record.AdrError):
        record.load_all(folder)


def test_files_that_are_no_adr_are_named(folder: Path) -> None:
    (folder / "notes.md").write_text("nothing", encoding="utf-8")
    (folder / "0099-binary.md").write_bytes(b"\xff\xfe")
    (folder / "0098-large.md").write_text("x" * 70_000, encoding="utf-8")
    shutil.copy(folder / PLAIN, folder / "0015-second.md")
    found = "\n".join(record.lint(folder))
    for words in ("notes.md: is not named NNNN-title.md", "0099-binary.md: is not UTF-8", "0098-large.md: has more",
                  "has the same number"):  # fmt: skip
        assert words in found
    assert record.lint(folder / "nothing") == [f"no ADR in {folder / 'nothing'}"]


def test_a_superseded_adr_needs_its_successor(folder: Path) -> None:
    path = folder / SWITCH
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("status: accepted", "status: superseded\nsuperseded_by: 40"), encoding="utf-8")
    assert record.lint(folder) == [f"{SWITCH}: superseded_by: no accepted ADR of that number about the same thing"]
    (folder / "0040-gaps.md").write_text(text.replace("# 0015.", "# 0040."), encoding="utf-8")
    assert record.lint(folder, ["exit_gap"]) == []


def test_a_proposed_adr_explains_nothing_and_may_name_tests_to_come(folder: Path) -> None:
    path = folder / SWITCH
    text = path.read_text(encoding="utf-8").replace("status: accepted", "status: proposed")
    path.write_text(text.replace("parity/test_adrs.py", "parity/test_to_come.py"), encoding="utf-8")
    assert record.lint(folder) == []
    assert record.by_switch(record.load_all(folder)) == {}
    assert record.lint(folder, ["exit_gap"]) == ["switch exit_gap has 0 accepted ADRs"]


class Bent:
    """An engine whose balance, or failure, is another one with the switch at v2."""

    name = "bent"

    def __init__(self, at_v1: float | str, at_v2: float | str) -> None:
        self.answers = at_v1, at_v2

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        value = self.answers["exit_gap" in switches]
        if isinstance(value, str):
            return Answer(outcome=None, failure=value)
        return Answer(outcome=decode_outcome(answers.outcome() | {"balance": value}))

    def close(self) -> None: ...


def held(tmp_path: Path, at_v1: float | str, at_v2: float | str) -> str | None:
    engines: Any = Bent(100.0, 100.0), Bent(at_v1, at_v2)
    adr = record.load(record.ADR_DIR / SWITCH)
    return record.check(adr, Pair(*engines, tmp_path, Tolerances.load()))


def test_a_witness_that_shows_nothing_or_something_else_or_differs_at_v1_refutes_its_adr(tmp_path: Path) -> None:
    assert held(tmp_path, 100.0, 100.0) == "the witness no longer shows exit_gap"
    assert held(tmp_path, 101.0, 155.0) == "the witness differs with every switch at v1"
    says = str(held(tmp_path, 100.0, 155.0))
    assert "balance: 100.0 at v1, the ADR says 9900.0" in says
    assert "trades.exit_price of order 0 is in the effect and does not differ" in says


@pytest.mark.parametrize("answer", [("hung", 1.0), (100.0, "hung")])
def test_an_engine_that_gives_no_answer_neither_holds_nor_refutes(tmp_path: Path, answer: tuple[Any, Any]) -> None:
    with pytest.raises(record.CannotJudgeError, match="bent: hung"):
        held(tmp_path, *answer)
