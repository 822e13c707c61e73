"""omega-parity ends with 1 for a difference and with 2 for whatever keeps it from judging."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness.report.suite_copy import ENGINES

from parity.harness.cli import campaigns, cases, common
from parity.harness.cli.main import main
from parity.harness.oracle.compare import Tolerances

GAP = str(Path(__file__).resolve().parents[3] / "parity" / "cases" / "switch__exit_gap.json")
Change = Callable[[pytest.MonkeyPatch, Path], None]


def pair_of(candidate: str) -> Change:
    def change(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / f"engines_of_{candidate}.py").write_text(ENGINES, encoding="utf-8")
        tables = [
            f'[{role}]\nname = "{role}-it"\ncallable = "engines_of_{candidate}:{name}"\n'
            for role, name in (("reference", "right"), ("candidate", candidate))
        ]
        # They answer whatever they are asked, and V1 refused some spellings.
        tables.append("[candidate.limits]\nspellings = false\n")
        (folder / "engines.toml").write_text("\n".join(tables), encoding="utf-8")

    return change


def broken_tolerances(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    path = folder / "tolerances.toml"
    path.write_text("[account]\nfees_total = 3\n", encoding="utf-8")
    original = Tolerances.load
    monkeypatch.setattr(common.Tolerances, "load", lambda: original(path))


def raising(error: BaseException) -> Change:
    def change(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(cases, "load_case", fail)
        monkeypatch.setattr(campaigns, "open_pair", fail)

    return change


def nothing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None: ...


def scratch_that_is_none(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("OMEGA_PARITY_SCRATCH", str(folder / "none"))


ENGINES_TOML = ["--engines", "engines.toml"]


@pytest.mark.parametrize(
    ("code", "words", "change", "says"),
    [
        (0, ["replay", GAP, *ENGINES_TOML], pair_of("right"), "match"),
        (1, ["replay", GAP, *ENGINES_TOML], pair_of("lies"), "unexplained"),
        (2, ["replay", GAP, *ENGINES_TOML], pair_of("crashes"), "incomparable"),
        (2, ["replay", GAP, *ENGINES_TOML], pair_of("interrupts"), "interrupted"),
        (2, ["replay", GAP], broken_tolerances, "tolerances.toml cannot be used"),
        (2, ["replay", GAP], scratch_that_is_none, "no scratch files can be written"),
        (2, ["replay", GAP], raising(ZeroDivisionError("a bug")), "an error of omega-parity itself"),
        (2, ["replay", GAP], raising(KeyboardInterrupt()), "interrupted"),
        (2, ["replay", GAP], raising(OSError(28, "No space left on device")), "No space left on device"),
        (2, ["sweep", "--cases", "0"], nothing, "--cases wants at least 1"),
        (2, ["sweep", "--seconds", "-1"], nothing, "--seconds a positive number"),
        (2, ["sweep", "--seconds", "nan"], nothing, "--seconds a positive number"),
        (
            2,
            ["plot", GAP, "-o", "engines.toml/gap.svg", *ENGINES_TOML],
            pair_of("right"),
            "engines.toml/gap.svg: Not a",
        ),
        (
            2,
            ["sweep", "-o", "engines.toml", *ENGINES_TOML],
            pair_of("right"),
            "omega-parity: engines.toml: File exists",
        ),
        (0, ["sweep", "--cases", "3", "-o", "found", *ENGINES_TOML], pair_of("right"), "0 kinds of differences"),
        (1, ["sweep", "--cases", "3", "-o", "found", *ENGINES_TOML], pair_of("lies"), "1 kinds of differences"),
        (2, ["sweep", "--cases", "3", "-o", "found", *ENGINES_TOML], pair_of("crashes"), "3 cases are incomparable"),
    ],
)
def test_a_verb_ends_with_the_exit_code_of_what_happened(
    code: int, words: list[str], change: Change, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    change(monkeypatch, tmp_path)
    assert main(words) == code
    captured = capsys.readouterr()
    assert says in captured.out + captured.err


def test_a_sweep_without_a_single_trade_is_vacuous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pair_of("right")(monkeypatch, tmp_path)
    module = tmp_path / "engines_without_trades.py"
    module.write_text(ENGINES.replace('"trades": [TRADE]', '"trades": []'), encoding="utf-8")
    toml = tmp_path / "engines.toml"
    toml.write_text(toml.read_text().replace("engines_of_right", "engines_without_trades"), encoding="utf-8")
    assert main(["sweep", "--cases", "3", "-o", "found", *ENGINES_TOML]) == 2
    assert "VACUOUS: 3 cases without a single trade" in capsys.readouterr().err
