"""Engines of one's own: over JSON lines or as a function; what is wrong with a file or an engine is said by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines import EnginesError
from parity.harness.engines.configured import configured, limits
from parity.harness.generate.cases import sweep_case
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import Verdict
from parity.harness.run.differential import Pair

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLE = REPOSITORY / "parity" / "examples" / "engines.toml"
GOOD = {
    "trades": [], "open_positions": [], "equity": [[0, 10000.0]], "balance": 10000.0, "fees_total": 0.0,
    "metrics": {"total_trades": 0},
}  # fmt: skip
LIAR = Path(__file__).resolve().parents[1] / "engines_that_lie.py"


def lying(tmp_path: Path, reference: str, candidate: str, timeout: float = 20.0) -> Path:
    """An engines.toml of two engines that misbehave in the named ways."""
    path = tmp_path / "engines.toml"
    path.write_text(
        "".join(
            f'[{role}]\nname = "{kind}"\ntimeout = {timeout}\ncommand = ["python", "{LIAR}", "{kind}"]\n'
            for role, kind in (("reference", reference), ("candidate", candidate))
        )
    )
    return path


def test_the_example_engine_is_short_and_equals_v1_on_cases_within_its_limits(tmp_path: Path) -> None:
    source = (EXAMPLE.parent / "engine.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 60
    assert "parity" not in source.replace("parity suite", "").replace("v1_parity", "")
    pair = Pair.of(EXAMPLE, tmp_path, Tolerances.load())
    assert pair.limits.symbols == ("USDJPY", "EURUSD")
    trades = 0
    for number in range(0, 80, 2):
        examined = pair.examine(sweep_case(0, number, pair.limits)[0])
        assert examined.report.verdict is Verdict.MATCH, str(examined.report)
        trades += examined.report.trades
    pair.close()
    assert pair.b.name == "bt"
    assert trades > 20


def test_a_function_of_this_process_can_be_an_engine(tmp_path: Path) -> None:
    path = tmp_path / "engines.toml"
    (tmp_path / "mine_of_a_test.py").write_text(f"def run(request):\n    return {{'outcome': {GOOD}, 'bars': 1}}\n")
    path.write_text(
        f'[reference]\ncallable = "mine_of_a_test:run"\n[candidate]\ncommand = ["python", "{LIAR}", "honest"]\n'
    )
    pair = Pair.of(path, tmp_path, Tolerances.load())
    assert pair.examine(BUILDERS["exit_gap"]()).report.verdict is Verdict.MATCH
    pair.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[reference]\nbuiltin = 'v1'\n", "no table [candidate]"),
        ("[reference]\nbuiltin = 'v3'\n[candidate]\nbuiltin = 'v2'\n", "'v3' is none of v1, v2"),
        ("[reference]\n[candidate]\nbuiltin = 'v2'\n", "exactly one of builtin, command and callable, and has 0"),
        ("[reference]\ncommand = 'ls'\n[candidate]\nbuiltin = 'v2'\n", "wants a list of words"),
        ("[reference]\ncallable = 'no.such:thing'\n[candidate]\nbuiltin = 'v2'\n", "is not module:function"),
        ("[reference]\nbuiltin = 'v1'\ncolour = 'red'\n[candidate]\nbuiltin = 'v2'\n", "unknown colour"),
        ("[reference\n", "engines.toml: "),
    ],
)
def test_a_file_that_names_no_pair_is_refused_by_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "engines.toml"
    path.write_text(text)
    with pytest.raises(EnginesError) as caught:
        configured(path)
    assert words in str(caught.value)


def test_unknown_limits_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "engines.toml"
    path.write_text("[reference]\nbuiltin='v1'\n[reference.limits]\nmoon=[1]\n[candidate]\nbuiltin='v2'\n")
    with pytest.raises(EnginesError, match="unknown moon; known: strategies"):
        limits(path)
    with pytest.raises(EnginesError, match="No such file"):
        configured(tmp_path / "none.toml")


@pytest.mark.parametrize(("reference", "candidate"), [("honest", "wavers"), ("wavers", "honest")])
def test_an_engine_that_contradicts_itself_is_incomparable(tmp_path: Path, reference: str, candidate: str) -> None:
    pair = Pair.of(lying(tmp_path, reference, candidate), tmp_path, Tolerances.load())
    reports = [pair.examine(BUILDERS["exit_gap"]()).report for _ in range(40)]
    pair.close()
    assert {report.verdict for report in reports} - {Verdict.MATCH} == {Verdict.INCOMPARABLE}
    assert "not deterministic" in next(r.reason for r in reports if r.verdict is Verdict.INCOMPARABLE)


@pytest.mark.parametrize("kind", ["lies", "crashes", "hangs", "babbles", "wavers"])
def test_no_broken_engine_makes_a_run_of_the_suite_green(tmp_path: Path, kind: str) -> None:
    path = lying(tmp_path, "honest", kind, timeout=0.3)
    command = [sys.executable, "-m", "pytest", "parity/test_generated.py", "--engines", str(path), "--cases", "6", "-q"]
    command += ["--out", str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert "NOT EQUAL" in done.stdout
    assert f"omega-parity replay {tmp_path}/failed-cases/" in done.stdout
