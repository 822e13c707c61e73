"""Engines in processes that misbehave: each costs one verdict, which names the cause, and the run goes on."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines import channel as channels
from parity.harness.engines.process import ProcessEngine
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.files import Prepared, prepare
from parity.harness.model.outcome import Answer

REPOSITORY = Path(__file__).resolve().parents[3]
LIAR = Path(__file__).resolve().parents[1] / "engines_that_lie.py"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(BUILDERS["exit_gap"](), tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def large(prepared: Prepared) -> Prepared:
    """A case whose request is larger than any pipe: nobody has read it all who has not read."""
    return replace(prepared, case=prepared.case.with_config(filler=["x" * 1000] * 4000))


@pytest.fixture
def open_engines() -> Iterator[list[ProcessEngine]]:
    engines: list[ProcessEngine] = []
    yield engines
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(open_engines: list[ProcessEngine]) -> Any:
    def make(kind: str, *more: str, timeout: float = 20.0, **options: Any) -> ProcessEngine:
        made = ProcessEngine(kind, [sys.executable, str(LIAR), kind, *more], timeout=timeout, **options)
        open_engines.append(made)
        return made

    return make


def alive(path: Path) -> list[int]:
    """Processes named in a file that run."""
    pids = [int(line) for line in path.read_text().split()]
    assert pids, "nothing was left behind: the test shows nothing"
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def gone(path: Path, *, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while alive(path) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(path)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crashes", "crashed: killed by SIGKILL"),
        ("aborts", "crashed: killed by SIGABRT"),
        ("exits", "crashed: ended with exit code 1 (out of luck)"),
        ("stderr-then-dies", "crashed: ended with exit code 3 (the last word)"),
        ("babbles", "answered nonsense: is not JSON"),
        ("banner", "answered nonsense: is not JSON"),
        ("nan", "answered nonsense: outcome.equity[0][1]: NaN is no finite number"),
        ("half", "answered nonsense: balance: missing"),
        ("list", "answered nonsense: reply: a list is not an object"),
        ("odd-bars", 'answered nonsense: bars: "abc" is not a whole number of bars'),
        ("more-keys", "answered nonsense: reply.profit: unknown; known: id, outcome"),
        ("fails", "the disk is on fire"),
        ("closes-output", "closed its input or output and went on"),
        ("id-other", "when it was asked request"),
        ("id-text", "answered request '"),
        ("id-true", "answered request True when it was asked"),
        ("id-null", "answered a request without an id when it was asked"),
        ("id-missing-hello", "answered a request without an id when it was asked"),
        ("id-future-hello", "answered nonsense: hello.protocol: 3 is not 2"),
        ("id-odd-hello", "answered nonsense: hello.colour: unknown"),
        ("id-gates-hello", "announces itself wrongly: hello.capabilities: gates: unknown moon"),
    ],
)
def test_what_an_engine_does_wrong_is_named_in_its_answer(
    kind: str, words: str, prepared: Prepared, engine: Any
) -> None:
    subject = engine(kind)
    for _ in range(2):
        answer = subject.run(prepared, {})
        assert answer.outcome is None
        assert words in str(answer.failure)
    assert subject.restarts == 2


def test_half_an_answer_is_none_although_the_engine_ends_in_peace(prepared: Prepared, engine: Any) -> None:
    subject = engine("breaks-off")
    assert subject.run(prepared, {}).outcome is not None
    answer = subject.run(prepared, {})
    assert answer.outcome is None
    assert answer.failure == "broke off in the middle of an answer"


def test_what_an_engine_says_cannot_rewrite_a_terminal(prepared: Prepared, engine: Any) -> None:
    failure = str(engine("fails-in-colour").run(prepared, {}).failure)
    assert failure == "\\x1b[2J\\u202eEQUAL"


def test_a_trace_that_was_announced_and_is_missing_is_no_answer(prepared: Prepared, engine: Any) -> None:
    subject = engine("id-silent-hello")
    assert subject.run(prepared, {}).outcome is not None
    answer = subject.run(prepared, {}, events=True)
    assert answer.outcome is None
    assert answer.failure == "answered without the trace that it announces"


def test_a_program_that_is_no_program_is_a_failure_of_the_answer(prepared: Prepared, tmp_path: Path) -> None:
    path = tmp_path / "engine"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    answer = ProcessEngine("broken", [str(path)]).run(prepared, {})
    assert "cannot be started: " in str(answer.failure)


def test_an_engine_that_hangs_is_ended_at_its_time_limit(prepared: Prepared, engine: Any) -> None:
    began = time.monotonic()
    assert engine("hangs", timeout=0.5).run(prepared, {}).failure == "hung: no answer within 0.5 s"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["never-reads", "stderr-endless"])
def test_the_time_limit_covers_what_is_sent(kind: str, large: Prepared, engine: Any) -> None:
    began = time.monotonic()
    failure = str(engine(kind, timeout=0.7).run(large, {}).failure)
    assert time.monotonic() - began < 5
    assert failure.startswith("hung: ")
    if kind == "never-reads":
        assert "bytes of the request within 0.7 s" in failure


def test_an_answer_to_half_a_request_is_none(large: Prepared, engine: Any) -> None:
    failure = str(engine("reads-a-little").run(large, {}).failure)
    assert failure.startswith("answered before it was asked: it had read")


def test_an_answer_that_comes_too_late_is_never_taken_for_the_next_case(prepared: Prepared, engine: Any) -> None:
    subject = engine("id-counts-late", timeout=0.6)
    subject._command[-1] = "id-late"
    assert subject.run(prepared, {}).failure is None
    assert "hung" in str(subject.run(prepared, {}).failure)
    time.sleep(0.7)
    answer = subject.run(prepared, {})
    assert answer.failure is None
    assert subject.restarts == 2


@pytest.mark.parametrize(("kind", "words"), [
    ("answers-twice", "answered before it was asked"),
    ("prints-before", "answered before it was asked"),
    ("id-twice", "answered before it was asked"),
    ("id-before", "answered request 1 when it was asked request 2"),
    ("id-lost", "answered a request without an id when it was asked request 2"),
])  # fmt: skip
def test_a_line_too_many_never_puts_answers_one_behind(kind: str, words: str, prepared: Prepared, engine: Any) -> None:
    subject = engine(kind)
    answers = []
    for _ in range(3):
        answers.append(subject.run(prepared, {}))
        time.sleep(0.1)
    failures = [str(answer.failure) for answer in answers if answer.failure]
    assert failures
    assert all(words in failure for failure in failures)


def test_an_engine_with_ids_says_who_it_is_and_what_it_lacks(prepared: Prepared, engine: Any) -> None:
    subject = engine("id-unknown-hello")
    assert subject.run(prepared, {}).failure is None
    assert subject.version == "0.1"
    traceless = engine("id-traceless-hello", capabilities=Capabilities(unknown=frozenset({"balance"})))
    assert traceless.capabilities.events
    traceless.run(prepared, {}, events=True)
    assert traceless.capabilities == Capabilities(
        events=False, gates=frozenset({"session"}), unknown=frozenset({"balance"})
    )


def peak_of(call: Any) -> int:
    """MiB by which this process has grown at its largest during a call."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10


def test_an_endless_line_costs_one_verdict_and_bounded_memory(
    prepared: Prepared, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert channels.LONGEST_LINE == 64 << 20
    monkeypatch.setattr(channels, "LONGEST_LINE", 32 << 20)
    subject = engine("endless-line")
    answers: list[Answer] = []
    assert peak_of(lambda: answers.append(subject.run(prepared, {}))) < 100
    assert answers[0].failure == "answered more than 32 MiB without the end of a line"


def test_endless_lines_cost_one_verdict_and_bounded_memory(prepared: Prepared, engine: Any) -> None:
    subject = engine("endless-lines")
    answers: list[Answer] = []
    assert peak_of(lambda: answers.append(subject.run(prepared, {}))) < 50
    assert "answered before it was asked" in str(answers[0].failure)


def test_a_flood_of_error_output_is_drained_and_forgotten(prepared: Prepared, engine: Any) -> None:
    subject = engine("stderr-flood")
    answers: list[Answer] = []
    assert peak_of(lambda: answers.extend(subject.run(prepared, {}) for _ in range(2))) < 50
    assert [answer.failure for answer in answers] == [None, None]
    assert subject.restarts == 1
    assert len(subject._channel._errors) <= channels.KEPT_ERRORS


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="this system cannot limit the memory of a process")
def test_an_engine_that_allocates_without_end_runs_out_of_its_own_memory(prepared: Prepared, engine: Any) -> None:
    failure = engine("allocates", memory_mb=512).run(prepared, {}).failure
    assert failure == "ran out of memory, which is limited to 512 MiB: ended with exit code 1 (MemoryError)"


@pytest.mark.parametrize("kind", ["exits-after", "id-exits-after"])
def test_an_engine_that_ends_after_each_answer_is_started_again_and_that_is_reported(
    kind: str, prepared: Prepared, engine: Any
) -> None:
    subject = engine(kind)
    for pause in (0.0, 0.0, 0.3, 0.0):
        assert subject.run(prepared, {}).failure is None
        time.sleep(pause)
    assert subject.restarts == 4
    assert subject.remarks == (f"{kind} ended after an answer 3 times and was started again",)


#: Ways to leave a process behind; an orphan has neither mark nor session nor parent, and only Linux gives it back.
LEAVES = [
    "leaves-grandchild",
    "leaves-child",
    pytest.param(
        "leaves-orphan",
        marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the keeper"),
    ),
]


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("how", ["close", "time limit", "and ends"])
def test_what_an_engine_started_does_not_outlive_it(
    kind: str, how: str, prepared: Prepared, engine: Any, tmp_path: Path
) -> None:
    path = tmp_path / "pids"
    subject = engine(kind, str(path), how, timeout=20.0)
    assert subject.run(prepared, {}).failure is None
    assert alive(path)
    if how == "close":
        subject.close()
    elif how == "and ends":
        assert subject.run(prepared, {}).failure == "crashed: ended with exit code 1"
    else:
        subject.timeout = 0.5
        assert "hung" in str(subject.run(prepared, {}).failure)
    assert gone(path, within=0.5)


INTERRUPTED = """
import sys
from pathlib import Path
from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines.process import ProcessEngine
from parity.harness.model.files import prepare
prepared = prepare(BUILDERS["exit_gap"](), Path(sys.argv[1]))
engine = ProcessEngine("liar", [sys.executable, *sys.argv[2:]], timeout=60)
engine.run(prepared, {})
print("ready", flush=True)
engine.run(prepared, {})
"""


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_harness_that_is_interrupted(kind: str, number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "pids"
    harness = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path), str(LIAR), kind, str(path)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert harness.stdout is not None
    assert harness.stdout.readline() == b"ready\n"
    assert alive(path)
    harness.send_signal(number)
    harness.wait(20)
    harness.stdout.close()
    assert gone(path)


def test_an_engine_left_open_ends_with_the_harness(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    program = INTERRUPTED.replace('print("ready", flush=True)\nengine.run(prepared, {})\n', "")
    command = [sys.executable, "-c", program, str(tmp_path), str(LIAR), "leaves-grandchild", str(path)]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    assert alive(path) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_an_engine_that_kills_or_stops_its_keeper_is_ended_all_the_same(
    number: signal.Signals, prepared: Prepared, engine: Any, tmp_path: Path
) -> None:
    path = tmp_path / "pids"
    subject = engine("turns-on-its-parent", str(path), number.name, timeout=0.5)
    answer = subject.run(prepared, {})
    killed, stopped = "crashed: killed by SIGKILL", "hung: no answer within 0.5 s"
    assert answer.failure == (stopped if number == signal.SIGSTOP else killed)
    assert gone(path, within=0.5)


def test_an_engine_that_closes_its_input_is_named(large: Prepared, engine: Any) -> None:
    assert engine("closes-input").run(large, {}).failure == "closed its input or output and went on"
