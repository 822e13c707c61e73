"""The exit codes of parity/README.md: real runs of a copy of the suite that is broken in one way each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from harness.report.suite_copy import ENGINES, copy_suite, run_suite

#: A pinned case by which the engines of the copies are compared, and the options that name them.
ONE = ("parity/test_pinned.py", "-k", "exit_target_edge", "--engines", "engines.toml")
EXTRA = ("parity/test_extra.py", "-k")
EDGE = "parity/cases/branch__exit_target_edge.json"


@dataclass(frozen=True)
class Run:
    """One run: its command line, what is broken before, and what it has to end with."""

    code: int
    words: tuple[str, ...]
    says: str
    engines: tuple[str, str] = ("right", "right")
    #: Files of the copy and the text that replaces theirs.
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    kilobytes: int | None = None


RECORDED = ("parity/test_recorded.py", "--engines", "engines.toml")
OBSERVED = {"OMEGA_V1_OBSERVED": "observed"}


def recording(balance: float) -> str:
    """A recording of what ``right`` says, but for the balance."""
    right: dict[str, Any] = {}
    exec(ENGINES, right)  # the engines of the copies, as they are written there
    case = json.loads((Path(__file__).resolve().parents[3] / EDGE).read_text(encoding="utf-8"))
    return json.dumps({"case": case, "outcome": {**right["OUTCOME"], "balance": balance}, "bars": 1})


RUNS = {
    "recorded outcomes": Run(
        0, RECORDED, "; recorded: 1 case equal in reference-right and candidate-right", environment=OBSERVED,
        files={"observed/recorded/minimal/one.json": recording(10005.0)},
    ),
    "a recorded outcome that no engine gives": Run(
        1, RECORDED, "recorded: 0 of 1 case equal in reference-right and candidate-right", environment=OBSERVED,
        files={"observed/recorded/minimal/one.json": recording(10005.5)},
    ),
    "a recorded outcome that one engine does not give": Run(
        1, RECORDED, "candidate-lies differs from the recording", environment=OBSERVED, engines=("right", "lies"),
        files={"observed/recorded/minimal/one.json": recording(10005.0)},
    ),
    "recorded outcomes that are broken": Run(
        2, RECORDED, "one.jsonl.gz:1: cannot be unpacked", environment=OBSERVED,
        files={"observed/recorded/one.jsonl.gz": recording(10005.0)},
    ),
    "recorded outcomes without runs": Run(
        2, ("parity/test_observed.py", "--engines", "engines.toml"), "NOTHING COMPARED", environment=OBSERVED,
        files={"observed/recorded/minimal/one.json": recording(10005.0)},
    ),
    "observed runs without recorded outcomes": Run(
        2, ("parity/test_observed.py", *RECORDED, "-k", "something or observed_run"), "run.json: cannot be read",
        environment=OBSERVED, files={"observed/runs/run.json": "{"},
    ),
    "nothing observed": Run(
        2, ("parity/test_observed.py", *RECORDED), "nothing observed in", environment=OBSERVED
    ),
    "equal": Run(0, ONE, "PARTIAL: no difference in 1 case"),
    "a difference": Run(1, ONE, "NOT EQUAL: 1 unexplained case", engines=("right", "lies")),
    "a difference in another process": Run(1, (*ONE, "-n", "2"), "NOT EQUAL", engines=("right", "lies")),
    "a test that finds a difference": Run(1, (*EXTRA, "divergence"), "1 test found a difference"),
    "a difference and a broken test": Run(1, (*EXTRA, "divergence or assertion"), "NOT JUDGED: 1 test failed"),
    "an engine that crashes": Run(2, ONE, "NOT JUDGED: 1 incomparable case", engines=("right", "crashes")),
    "an interrupt": Run(2, ONE, "ended early", engines=("right", "interrupts")),
    "a termination": Run(2, ONE, "ended early", engines=("right", "terminates")),
    "an assertion about anything else": Run(2, (*EXTRA, "assertion"), "failed for another reason than a difference"),
    "the same in another process": Run(2, (*EXTRA, "assertion", "-n", "2"), "failed for another reason"),
    "a fixture that fails": Run(2, (*EXTRA, "fixture"), "NOT JUDGED: 1 test failed for another reason"),
    "a file that cannot be collected": Run(
        2, (*ONE[:1], "parity/test_boundary.py", *ONE[1:]), "cannot be collected",
        files={"parity/test_boundary.py": "import no_such_module\n"},
    ),
    "a broken rule": Run(3, (*EXTRA, "rule and not tool"), "PERFORMANCE RULE BROKEN: 1 test"),
    "a broken rule in another process": Run(3, (*EXTRA, "rule and not tool", "-n", "2"), "PERFORMANCE RULE BROKEN"),
    "a rule that cannot be measured": Run(2, (*EXTRA, "tool and rule"), "NOT JUDGED: 1 test failed"),
    "nothing but a skipped test": Run(2, (*EXTRA, "skip"), "NOTHING COMPARED"),
    "no test at all": Run(2, (*EXTRA, "nosuchtest"), "deselected"),
    "V1's rules with another reference": Run(
        2, ("parity/test_boundary.py", "--engines", "engines.toml"), "not measured: the reference is reference-right"
    ),
    "no generated cases": Run(2, ("parity/test_generated.py", "--cases", "0"), "--cases wants at least 1"),
    "a shard that is none": Run(2, (*ONE, "--shard", "3/2"), "--shard wants k/n"),
    "a profile that is none": Run(2, (*ONE, "--profile", "huge"), "--profile is one of"),
    "a file of tests that is none": Run(2, ("parity/test_nothing.py",), "file or directory not found"),
    "a test that is none": Run(2, (f"{ONE[0]}::test_nothing", *ONE[3:]), "not found"),
    "an unknown option": Run(2, (*ONE, "--nosuch"), "unrecognized arguments: --nosuch"),
    "a report that is a file": Run(2, (*ONE, "--out", "engines.toml"), "the report cannot be written there"),
    "every test in every process": Run(2, (*ONE, "--dist", "each", "--tx", "2*popen"), "each case counts twice"),
    "failed cases that are a file": Run(
        2, (*ONE, "--out", "."), "the report cannot be written there", files={"failed-cases": ""}
    ),
    "a market that cannot be written": Run(
        2, (*ONE, "--out", "out"), "the embedded market cannot be written: ", files={"var": ""}
    ),
    "scratch files without a folder": Run(
        2, ONE, "no scratch files can be written", environment={"OMEGA_PARITY_SCRATCH": "/nope"}
    ),
    "market data that is missing": Run(
        2, ("parity/test_markets.py", "-k", "equal and s1-free", *ONE[3:]), "OMEGA_DATA_PARQUET_ROOT is set, but",
        environment={"OMEGA_DATA_PARQUET_ROOT": "/nope"},
    ),
    # pytest keeps what it captures in files of its own, hence -s.
    "a full disk": Run(2, (*ONE, "-s"), "the report cannot be written there", kilobytes=0),
    "a disk that becomes full": Run(2, ONE, "NOT JUDGED", kilobytes=2),
    "engines.toml that is broken": Run(2, ONE, "engines.toml", files={"engines.toml": "[reference\n"}),
    "limits that leave nothing": Run(
        2, ONE, "nothing of",
        files={"engines.toml": '[reference]\nbuiltin = "v1"\n[candidate]\nbuiltin = "v2"\n[candidate.limits]\n'
                               'symbols = ["NONE"]\n'},
    ),
    "tolerances.toml that is broken": Run(
        2, ONE, "tolerances.toml", files={"parity/tolerances.toml": "[account]\nfees_total = 3\n"}
    ),
    "a case file that is broken": Run(2, ONE, "NOT JUDGED: 1 test failed", files={EDGE: "{}"}),
    "an exception of the harness": Run(
        2, ONE, "1 test failed for another reason", engines=("right", "lies"),
        files={"parity/harness/oracle/fingerprint.py": "Fingerprint = tuple\ndef fingerprint(*_): return 1 / 0\n"},
    ),
    "a harness that cannot be imported": Run(2, ONE, "SyntaxError", files={"parity/harness/report/text.py": "def ("}),
    "a report that cannot be made": Run(
        2, ONE, "ZeroDivisionError", files={"parity/harness/report/boundary_text.py": "def boundary(_): return 1 / 0\n"}
    ),
}  # fmt: skip


def started(run: Run, folder: Path) -> tuple[int, str]:
    """Ends with the exit code and output of a run in a copy of its own."""
    folder.mkdir()
    copy_suite(folder, engines=run.engines)
    for name, text in run.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return run_suite(folder, *run.words, kilobytes=run.kilobytes, **run.environment)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[str, Future]]:
    """All runs that are asked for, in parallel."""
    wanted = {item.callspec.params["name"] for item in request.session.items if "ended" in item.fixturenames}
    folder = tmp_path_factory.mktemp("suites")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield {
            name: pool.submit(started, run, folder / str(i))
            for i, (name, run) in enumerate(RUNS.items())
            if name in wanted
        }


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_suite_ends_with_the_exit_code_of_what_happened(name: str, ended: dict[str, Future]) -> None:
    code, output = ended[name].result()
    assert code == RUNS[name].code, output[-3000:]
    assert RUNS[name].says in output, output[-3000:]
    if code != 0:
        assert "\nEQUAL" not in output
