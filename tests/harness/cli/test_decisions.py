"""omega-parity adr: what it writes, what it says, and its exit codes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.harness.adr import measure, record
from parity.harness.adr import site as pages
from parity.harness.cli.main import main

CASES = Path(__file__).resolve().parents[3] / "parity" / "cases"
GAP = str(CASES / "switch__exit_gap.json")
PAGE = "0015-exits-over-a-gap-take-the-open.md"


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A folder with one ADR about a switch."""
    shutil.copy(record.ADR_DIR / PAGE, tmp_path)
    return tmp_path


def check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """``adr check`` where exit_gap is the only switch that needs an ADR."""
    monkeypatch.setattr("parity.harness.cli.decisions.SWITCHES", ("exit_gap",))
    return main(["adr", "check", "--folder", str(folder)])


def test_a_draft_holds_the_evidence_and_is_not_accepted_before_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES)
    arguments = ["adr", "new", "--case", "switch__exit_gap.json", "--switch", "exit_gap", "--folder", str(tmp_path)]
    assert main(arguments) == 0
    path = tmp_path / "0001-exit-gap.md"
    text = path.read_text(encoding="utf-8")
    assert "witness: parity/cases/switch__exit_gap.json\n" in text
    effect = "field: trades.exit_price, order: 0, v1: 1.0981, v2: 1.097, change: -0.0011, precision: 0.0000001"
    assert f"effect:\n  - {{{effect}}}\n  - {{field: trades.result, order: 0, " in text
    assert text.count("\n  - {field: ") == 14
    capsys.readouterr()
    assert check(tmp_path, monkeypatch) == 2
    assert (
        "0001-exit-gap.md: is a draft, and cannot be accepted: TO BE WRITTEN in line 5, 6," in capsys.readouterr().err
    )
    path.write_text(text.replace("status: proposed", "status: accepted"), encoding="utf-8")
    assert check(tmp_path, monkeypatch) == 2
    assert "is a draft, and cannot be accepted" in capsys.readouterr().err
    written = text.replace("TO BE WRITTEN", "written")
    path.write_text(written, encoding="utf-8")
    assert check(tmp_path, monkeypatch) == 2
    captured = capsys.readouterr()
    assert "holds" in captured.out
    assert "switch exit_gap has 0 accepted ADRs" in captured.err
    path.write_text(written.replace("status: proposed", "status: accepted"), encoding="utf-8")
    assert check(tmp_path, monkeypatch) == 0
    assert "1 hold" in capsys.readouterr().out


def test_a_second_adr_about_a_switch_is_not_drafted_before_the_first_is_superseded(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["adr", "new", "--case", GAP, "--switch", "exit_gap", "--folder", str(one)]
    assert main(arguments) == 2
    says = capsys.readouterr().err
    assert f"exit_gap has an ADR: {PAGE} (accepted)." in says
    assert "set its status to superseded and superseded_by to 16, then run this again" in says
    assert [p.name for p in one.iterdir()] == [PAGE]
    text = (one / PAGE).read_text(encoding="utf-8")
    (one / PAGE).write_text(text.replace("status: accepted", "status: superseded\nsuperseded_by: 16"), encoding="utf-8")
    assert main(arguments) == 0
    assert (one / "0016-exit-gap.md").is_file()
    capsys.readouterr()
    assert main(arguments) == 2
    assert "0016-exit-gap.md (proposed)" in capsys.readouterr().err


def test_the_adr_that_there_is_is_named_before_an_engine_starts(
    one: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: object) -> None:
        raise AssertionError("an engine starts")

    monkeypatch.setattr("parity.harness.cli.decisions.open_pair", start)
    assert main(["adr", "new", "--case", "none.json", "--switch", "exit_gap", "--folder", str(one)]) == 2
    assert f"exit_gap has an ADR: {PAGE} (accepted)." in capsys.readouterr().err


def test_a_case_that_is_no_witness_or_lies_elsewhere_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = ["adr", "new", "--folder", str(tmp_path / "ADRs"), "--switch"]
    assert main([*new, "session_bounds", "--case", GAP]) == 2
    assert "is no witness of it" in capsys.readouterr().err
    elsewhere = shutil.copy(GAP, tmp_path / "gap.json")
    assert main([*new, "exit_gap", "--case", str(elsewhere)]) == 2
    assert "lies outside the repository: copy it to parity/cases first" in capsys.readouterr().err
    assert not (tmp_path / "ADRs").exists()


def test_an_adr_that_no_longer_holds_ends_with_1_and_says_which_field(
    one: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check(one, monkeypatch) == 0
    text = (one / PAGE).read_text(encoding="utf-8")
    worse = text.replace("v2: 1.097, change: -0.0011", "v2: 1.096, change: -0.0021")
    assert worse != text
    (one / PAGE).write_text(worse, encoding="utf-8")
    (one / "notes.md").write_text("no ADR", encoding="utf-8")
    capsys.readouterr()
    assert check(one, monkeypatch) == 1
    captured = capsys.readouterr()
    assert "NO LONGER HOLDS" in captured.out
    assert f"{PAGE}: trades.exit_price of order 0: 1.097 at v2, the ADR says 1.096" in captured.err
    assert "notes.md: is not named" in captured.err


def test_a_broken_file_or_a_witness_that_is_no_case_ends_with_2(
    one: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (one / PAGE).read_text(encoding="utf-8")
    for old, new, words in (
        ("status: accepted", "status: agreed", "front matter: status: Invalid enum value"),
        ("order: 0, v1: 1.0981", "order: x, v1: 1.0981", "effect[0].order: Expected `int | null`, got `str`"),
        ("cases/switch__exit_gap.json", "cases/none.json", "parity/cases/none.json is not a case file"),
    ):
        assert old in text
        (one / PAGE).write_text(text.replace(old, new), encoding="utf-8")
        assert check(one, monkeypatch) == 2
        assert f"{PAGE}: " in (says := capsys.readouterr().err)
        assert words in says


def test_every_adr_of_the_project_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adr", "check"]) == 0
    assert "27 hold\n" in capsys.readouterr().out


def test_measuring_again_ends_with_0_and_with_1_where_a_figure_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["adr", "measure", "--check", "--run", "s1-anchored"]
    assert main(again) == 0
    assert f"27 measurements, 0 differ from {measure.TABLE}" in capsys.readouterr().out
    folder = Path(shutil.copytree(record.ADR_DIR, tmp_path / "ADRs"))
    path = folder / measure.TABLE
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if line.startswith("pnl_model,s1-anchored,"))
    lines[place] = lines[place].replace(",43,", ",42,", 1)
    path.write_text("".join(lines), encoding="utf-8")
    assert main([*again, "--folder", str(folder)]) == 1
    assert "pnl_model on s1-anchored: trades 42 -> 43" in capsys.readouterr().out
    path.unlink()
    assert main([*again, "--folder", str(folder)]) == 2
    assert "`omega-parity adr measure` writes it" in capsys.readouterr().err
    assert main(["adr", "measure", "--run", "s1-anchored"]) == 2
    assert "--run goes with --check" in capsys.readouterr().err


def test_the_index_is_checked_with_2_and_written_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(record.ADR_DIR, tmp_path / "ADRs"))
    index = ["adr", "index", "--folder", str(folder)]
    assert main([*index, "--check"]) == 0
    page = folder / record.INDEX
    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    capsys.readouterr()
    assert main([*index, "--check"]) == 2
    captured = capsys.readouterr()
    assert f"{page}: is not what the ADRs and the table give" in captured.out
    assert "omega-parity adr index writes them" in captured.err
    assert main(index) == 0
    assert main([*index, "--check"]) == 0
    assert pages.stale(folder) == []
