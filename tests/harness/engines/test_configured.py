"""Engines of one's own: over JSON lines or as a function; what is wrong with a file or an engine is said by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines import EnginesError, V2Engine, V2InProcess
from parity.harness.engines.callable import CallableEngine
from parity.harness.engines.configured import configured, limits
from parity.harness.generate.cases import sweep_case
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.files import prepare
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


SECOND = "[candidate]\nbuiltin = 'v2'\n"
#: What can be wrong with a file, and what the one line about it says.
WRONG = [
    ("[reference]\nbuiltin = 'v1'\n", "no table [candidate]"),
    ("reference = 1\n" + SECOND, "no table [reference]"),
    ("[reference]\nbuiltin = 'v1'\n[third]\n" + SECOND, "unknown third"),
    ("[reference\n", "not TOML: "),
    ("[reference]\nbuiltin = 'v1'\nx = " + "[" * 5000 + "]" * 5000 + "\n" + SECOND, "not TOML: "),
    ("[reference]\nbuiltin = 'v3'\n" + SECOND, "reference.builtin: 'v3' is none of v1, v2"),
    ("[reference]\nbuiltin = ['v1']\n" + SECOND, "reference.builtin: ['v1'] is none of v1, v2"),
    ("[reference]\n" + SECOND, "reference: wants exactly one of builtin, command and callable, and has 0"),
    ("[reference]\nbuiltin = 'v1'\ncommand = ['python']\n" + SECOND, "and has 2"),
    ("[reference]\nbuiltin = 'v1'\ncolour = 'red'\n" + SECOND, "reference: unknown colour; known: builtin"),
    ("[reference]\ncommand = 'ls'\n" + SECOND, "reference.command: wants a list of words, not 'ls'"),
    ("[reference]\ncommand = []\n" + SECOND, "reference.command: wants a list of words, not []"),
    ("[reference]\ncommand = ['python', 1]\n" + SECOND, "reference.command: wants a list of words"),
    ("[reference]\ncommand = ['']\n" + SECOND, "reference.command: [''] cannot be a command"),
    ("[reference]\ncommand = [\"a\\u0000b\"]\n" + SECOND, "cannot be a command"),
    ("[reference]\ncommand = ['no-such-program-of-a-test']\n" + SECOND,
     "reference.command: there is no program no-such-program-of-a-test"),
    ("[reference]\ncommand = ['./missing']\n" + SECOND, "reference.command: there is no program ./missing"),
    ("[reference]\ncommand = ['./engines.toml']\n" + SECOND, "reference.command: ./engines.toml is not executable"),
    ("[reference]\ncommand = ['./']\n" + SECOND, "reference.command: there is no program ./"),
    *(
        (f"[reference]\nbuiltin = 'v1'\ntimeout = {value}\n" + SECOND, "reference.timeout: ")
        for value in ("'x'", "-1", "0", "nan", "inf", "true", "[1]", "1e300", "2025-01-01")
    ),
    *(
        (f"[reference]\ncommand = ['python']\nmemory_mb = {value}\n" + SECOND, "reference.memory_mb: ")
        for value in ("'1'", "-1", "0", "1.5", "true", "99999999999999")
    ),
    ("[reference]\ncallable = 'json:loads'\nmemory_mb = 1\n" + SECOND,
     "reference.memory_mb: an engine with callable has no such key"),
    ("[reference]\ncommand = ['python']\nin_process = true\n" + SECOND,
     "reference.in_process: an engine with command has no such key"),
    ("[reference]\nbuiltin = 'v1'\nin_process = true\n" + SECOND, "reference.in_process: only V2 can run"),
    ("[reference]\nbuiltin = 'v1'\nin_process = 1\n" + SECOND, "reference.in_process: 1 is not true or false"),
    ("[reference]\nbuiltin = 'v1'\nevents = false\n" + SECOND, "an engine with builtin has no such key"),
    ("[reference]\ncommand = ['python']\nevents = 'no'\n" + SECOND, "reference.events: 'no' is not true or false"),
    ("[reference]\ncommand = ['python']\nunknown = 'events'\n" + SECOND, "reference.unknown: wants a list of fields"),
    ("[reference]\ncommand = ['python']\nunknown = [1]\n" + SECOND, "reference.unknown: wants a list of fields"),
    ("[reference]\ncommand = ['python']\nunknown = ['trades.moon']\n" + SECOND,
     "reference.unknown: \"trades.moon\" cannot be unknown"),
    *(
        (f"[reference]\nname = {name}\ncommand = ['python']\n" + SECOND, f"reference.name: {shown} is the name of")
        for name, shown in (("'v1'", "v1"), ("'V1'", "V1"), ("'V2'", "V2"), ("'Reference'", "Reference"))
    ),
    ("[reference]\nname = 'v2'\nbuiltin = 'v1'\n" + SECOND, "reference.name: v2 is the name of"),
    *(
        (f"[reference]\nname = {name}\ncommand = ['python']\n" + SECOND, "reference.name: ")
        for name in ("''", "' '", "7", '"a\\nb"', '"\\u001b[31m"', "'" + "x" * 41 + "'")
    ),
    ("[reference]\nbuiltin = 'v2'\n" + SECOND, "both engines are called V2"),
    ("[reference]\nname = 'Mine'\ncommand = ['python']\n[candidate]\nname = 'mine'\ncommand = ['python']\n",
     "both engines are called Mine"),
    *(
        (f"[reference]\ncallable = {target}\n" + SECOND, "is not module:function")
        for target in ("'no.such:thing'", "'json:missing'", "'json'", "':x'", "7", "'raises_of_a_test:run'",
                       "'exits_of_a_test:run'", "'a b:c'", "'..:x'")
    ),
    ("[reference]\ncallable = 'json:__name__'\n" + SECOND, "reference.callable: 'json:__name__' is not a function"),
    ("[reference]\nbuiltin = 'v1'\nlimits = 1\n" + SECOND, "reference.limits wants a table, not 1"),
    ("[reference]\nbuiltin = 'v1'\n[reference.limits]\nmoon=[1]\n" + SECOND,
     "reference.limits: unknown moon; known: strategies"),
    ("[reference]\nbuiltin = 'v1'\n[reference.limits]\nsymbols='EURUSD'\n" + SECOND,
     "reference.limits: symbols wants a list of names"),
    ("[reference]\nbuiltin = 'v1'\n[reference.limits]\nsymbols=['EURUSD']\n"
     + SECOND + "[candidate.limits]\nsymbols=['USDJPY']\n", "candidate.limits: symbols: nothing of"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_file_that_names_no_usable_pair_is_refused_in_one_line_by_file_and_key(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "raises_of_a_test.py").write_text("raise RuntimeError('not today')\n")
    (tmp_path / "exits_of_a_test.py").write_text("raise SystemExit(0)\n")
    path = tmp_path / "engines.toml"
    path.write_text(text)
    before = list(sys.path)
    with pytest.raises(EnginesError) as caught:
        Pair.of(path, tmp_path, Tolerances.load())
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1
    assert sys.path == before


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "engines.toml"
    path.write_bytes(b"[reference]\nname = '\xff'\n")
    for function in (configured, limits):
        with pytest.raises(EnginesError, match="not UTF-8: byte 20 is 0xff"):
            function(path)
        with pytest.raises(EnginesError, match="No such file"):
            function(tmp_path / "none.toml")
        with pytest.raises(EnginesError, match="Is a directory"):
            function(tmp_path)


@pytest.mark.parametrize("content", [b"[reference]\nbuiltin = 'v1'\ntimeout = 'x'\n[candidate]\nbuiltin = 'v2'\n",
                                     b"\xff\xfe", b"[reference]\nbuiltin = 'v1'\n[reference.limits]\nsymbols = ['X']\n"
                                     b"[candidate]\nbuiltin = 'v2'\n"])  # fmt: skip
@pytest.mark.parametrize("command", [
    ["-m", "pytest", "parity/test_pinned.py", "-q", "-p", "no:cacheprovider"],
    ["-m", "parity.harness.cli.main", "sweep", "--cases", "1"],
])  # fmt: skip
def test_a_bad_file_ends_with_exit_code_2_and_one_line(tmp_path: Path, content: bytes, command: list[str]) -> None:
    path = tmp_path / "engines.toml"
    path.write_bytes(content)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run([sys.executable, *command, "--engines", str(path)], cwd=REPOSITORY, capture_output=True,
                          text=True, env=environment, check=False)  # fmt: skip
    assert done.returncode == 2, done.stdout[-2000:] + done.stderr[-2000:]
    assert f"{path}: " in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_engines_of_ours_have_names_of_their_own_and_run_where_one_wants(tmp_path: Path) -> None:
    path = tmp_path / "engines.toml"
    path.write_text("[reference]\nbuiltin = 'v2'\nmemory_mb = 4000\ntimeout = 7\n"
                    "[candidate]\nbuiltin = 'v2'\nname = 'V2 in process'\nin_process = true\n")  # fmt: skip
    a, b = configured(path)
    assert (a.name, b.name) == ("V2", "V2 in process")
    assert isinstance(a, V2Engine)
    assert (a.timeout, a._memory_mb) == (7.0, 4000)
    assert isinstance(b, V2InProcess)
    pair = Pair.of(path, tmp_path, Tolerances.load())
    assert pair.examine(BUILDERS["exit_gap"]()).report.verdict is Verdict.MATCH
    pair.close()
    assert isinstance(configured(None)[1], V2Engine)
    assert isinstance(configured(None, v2_in_process=True)[1], V2InProcess)
    path.write_text("[reference]\nbuiltin = 'v1'\n[candidate]\nbuiltin = 'v2'\n")
    assert isinstance(configured(path, v2_in_process=True)[1], V2InProcess)


def test_an_engine_of_ones_own_has_a_name_and_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "engines.toml"
    path.write_text("[reference]\ncommand = ['python']\nevents = false\nunknown = ['balance', 'metrics.sharpe']\n"
                    "[candidate]\ncallable = 'json:loads'\n")  # fmt: skip
    a, b = configured(path)
    assert (a.name, b.name) == ("reference engine", "candidate engine")
    assert a.capabilities == Capabilities(events=False, unknown=frozenset({"balance", "metrics.sharpe"}))
    assert b.capabilities == Capabilities()


@pytest.mark.parametrize(("body", "words"), [
    ("raise ValueError('no')", "failed: ValueError('no')"),
    ("sys.exit(3)", "failed: SystemExit(3)"),
    ("return {'outcome': {'balance': 1j}}", "failed: TypeError"),
    ("return {'outcome': {**GOOD, 'balance': float('nan')}}", "answered nonsense: outcome.balance: NaN is no finite"),
    ("return {'outcome': {**GOOD, 'balance': 1}}", "answered nonsense: balance: 1 is not a finite number"),
    ("return None", "answered nonsense: reply: null is not an object"),
    ("return {'bars': 1}", "answered nonsense: outcome: missing"),
    ("return {'failure': 'out of luck'}", "out of luck"),
])  # fmt: skip
def test_whatever_a_function_does_is_a_failure_of_its_answer(tmp_path: Path, body: str, words: str) -> None:
    namespace: dict[str, Any] = {"GOOD": GOOD, "sys": sys}
    exec(f"def run(request):\n    {body}", namespace)
    answer = CallableEngine("mine", namespace["run"]).run(prepare(BUILDERS["exit_gap"](), tmp_path), {})
    assert answer.outcome is None
    assert words in str(answer.failure)


def test_a_function_cannot_change_the_case(tmp_path: Path) -> None:
    def spoils(request: dict[str, Any]) -> dict[str, Any]:
        request["config"]["strategy"].clear()
        return {"outcome": GOOD, "bars": 1}

    prepared = prepare(BUILDERS["exit_gap"](), tmp_path)
    before = prepared.case.to_json()
    assert CallableEngine("mine", spoils).run(prepared, {}).failure is None
    assert prepared.case.to_json() == before


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
    code, word = (1, "NOT EQUAL") if kind == "lies" else (2, "NOT JUDGED")
    assert done.returncode == code, done.stdout[-2000:]
    assert word in done.stdout
    assert f"omega-parity replay {tmp_path}/failed-cases/" in done.stdout
