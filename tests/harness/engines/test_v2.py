"""V2 in a worker like V1: whatever it does there is a verdict on that case, and the run goes on."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines import V1Engine, V2Engine, V2InProcess
from parity.harness.engines.v2_process import calls
from parity.harness.generate.cases import sweep_case
from parity.harness.model.bars import Bars
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from parity.harness.model.outcome import Answer, Refusal
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import Verdict
from parity.harness.run.differential import Pair

#: A package ``bt`` that misbehaves on the first case of each process and is the real one afterwards.
STUB = """
import os, sys
sys.path.insert(0, {real!r})
own = sys.modules.pop("bt")
import bt
real = bt.run_backtest_json

def misbehave(text):
    if not os.path.exists({flag!r}):
        open({flag!r}, "w").close()
        {does}
    return real(text)

bt.run_backtest_json = misbehave
"""
#: What V2 does, by name: how it is done here, and the words of the verdict.
FAULTS = {
    "aborts": ("os.abort()", "crashed: killed by SIGABRT"),
    "runs out of memory as Rust does": (
        "sys.stderr.write('memory allocation of 34359738368 bytes failed'); sys.stderr.flush(); os.abort()",
        "ran out of memory, which is limited to 4096 MiB: killed by SIGABRT (memory allocation of 34359738368 bytes",
    ),
    "runs out of memory as Python does": ("bytearray(1 << 40)", "ran out of memory"),
    "loops": ("\n        while True: pass", "hung: no answer within 3 s"),
    "panics": (
        "raise bt.InternalError('index out of bounds', 'crates/engine/src/run.rs:7')",
        "panicked: [5005] index out of bounds (crates/engine/src/run.rs:7)",
    ),
    "prints": ("print('x' * 100)\n        sys.exit('by a call of exit')", "exit code 1 (by a call of exit)"),
    "recurses": ("f = lambda: f()\n        f()", "failed: RecursionError"),
    "answers no JSON": ("return '{{}'", "answered nonsense: V2's result: "),
    "answers a key twice": (
        "return real(text).replace('\"ok\":true', '\"ok\":true,\"ok\":true', 1)",
        "answered nonsense: V2's result has the key 'ok' twice",
    ),
    "answers a part too many": (
        "return real(text).replace('\"ok\":true', '\"ok\":true,\"profit\":1', 1)",
        "answered nonsense: V2's result: unknown profit",
    ),
    "answers a field too many": (
        "return real(text).replace('\"symbol\"', '\"money\":5.0,\"symbol\"', 1)",
        "answered nonsense: trades[0].money: unknown field",
    ),
    "answers an id with a decimal point": (
        "return real(text).replace('\"order_id\":0', '\"order_id\":0.0', 1)",
        "answered nonsense: trades[0].order_id: 0.0 is not a whole number",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def v1() -> Iterator[V1Engine]:
    engine = V1Engine()
    yield engine
    engine.close()


def stubbed(tmp_path: Path, does: str) -> V2Engine:
    import bt

    real = str(Path(bt.__file__).resolve().parent.parent)
    (tmp_path / "stub" / "bt").mkdir(parents=True)
    text = STUB.format(real=real, flag=str(tmp_path / "flag"), does=does)
    (tmp_path / "stub" / "bt" / "__init__.py").write_text(text)
    return V2Engine(timeout=3.0, memory_mb=4096, package=tmp_path / "stub")


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_v2_does_costs_one_verdict_that_names_it_and_the_run_goes_on(
    fault: str, v1: V1Engine, tmp_path: Path
) -> None:
    does, words = FAULTS[fault]
    pair = Pair(v1, stubbed(tmp_path, does), tmp_path / "files", Tolerances.load())
    try:
        reports = [pair.run(BUILDERS[name]()) for name in ("exit_gap", "exit_gap", "bar_order")]
    finally:
        pair.b.close()
    assert [report.verdict for report in reports] == [Verdict.INCOMPARABLE, Verdict.MATCH, Verdict.MATCH]
    assert words in reports[0].reason


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="this system cannot limit the memory of a process")
def test_the_real_v2_without_memory_is_a_verdict(v1: V1Engine, tmp_path: Path) -> None:
    engine = V2Engine()
    prepared = prepare(BUILDERS["exit_gap"](), tmp_path)
    assert engine.run(prepared, {}).failure is None
    has = psutil.Process(engine.pid).memory_info().vms
    resource.prlimit(engine.pid, resource.RLIMIT_AS, (has + (8 << 20), has + (8 << 20)))
    large = prepare(long_case(300_000), tmp_path)
    assert "ran out of memory, which is limited to" in str(engine.run(large, {}).failure)
    assert engine.run(large, {}).failure is None
    assert engine.restarts == 2
    engine.close()


def long_case(bars: int) -> Case:
    """One order on so many minutes."""
    short = BUILDERS["exit_gap"]()
    start = short.bars["M1"].ts[0]
    ts = start + np.arange(bars, dtype=np.int64) * 60_000_000_000
    flat = np.full((bars, 4), 1.1)
    market = Bars(ts, flat, flat + 0.0001, np.ones(bars))
    return replace(short, bars={"M1": market}).with_config(end_date="2026-01-01")


def text_of(answer: Answer) -> bytes:
    return msgspec.json.encode(answer.outcome)


def test_both_ways_of_running_v2_give_the_same_answers(tmp_path: Path) -> None:
    worker, inside = V2Engine(), V2InProcess()
    kinds = set()
    for number in range(0, 240, 4):
        case = sweep_case(4, number)[0]
        if number % 40 == 0:
            case = case.with_config(risk_per_trade="much")
        prepared = prepare(case, tmp_path)
        for events in (False, True):
            a, b = (engine.run(prepared, {}, events=events) for engine in (worker, inside))
            assert a.failure is None
            assert text_of(a) == text_of(b)
            assert a.bars == b.bars
            kinds.add((isinstance(a.outcome, Refusal), events))
    assert len(kinds) == 4
    assert worker.restarts == 1
    worker.close()


def test_v2_finds_no_trace_of_the_case_before(tmp_path: Path) -> None:
    engine = V2Engine()
    good = prepare(BUILDERS["exit_gap"](), tmp_path)
    before = engine.run(good, {})
    missing = replace(good, data_root=tmp_path / "none")
    refused = engine.run(missing, {})
    assert isinstance(refused.outcome, Refusal)
    assert refused.outcome.category == "FILE_NOT_FOUND"
    after = engine.run(good, {"exit_gap": "v2"})
    assert text_of(engine.run(good, {})) == text_of(before) != text_of(after)
    engine.close()


def test_a_key_that_stands_twice_is_found_whatever_the_texts_hold() -> None:
    plain = '{"a":{"b":1,"c":"x\\":y"},"rows":[{"d":":"},{"d":{"e":[1,{"f":null}]}}],"g":[[{"h":2}],[1]]}'
    assert calls.result(plain) == json.loads(plain)
    for once, twice in (('"b":1', '"b":1,"b":1'), ('"f":null', '"f":null,"f":1'), ('"h":2', '"h":2,"h":2')):
        with pytest.raises(calls.OddResultError, match="twice"):
            calls.result(plain.replace(once, twice))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"profit": 1}, "unknown profit"),
        ({"equity": {"timestamp_ns": [], "equity": []}}, "columns of equity"),
        ({"trades": [{"meta": {"order_id": 1, "note": ""}}]}, "meta holds order_id, note"),
        ({"trades": [{"stop_loss": 1.0, "sl": 2.0}]}, "two names for one field"),
    ],
)
def test_what_v2_should_not_answer_is_never_dropped(change: dict[str, Any], words: str) -> None:
    empty = {"trades": [], "open_positions": [], "metrics": {},
             "equity": {"timestamp_ns": [], "equity": [], "balance": []}}  # fmt: skip
    assert calls.outcome(empty)["trades"] == []
    with pytest.raises(calls.OddResultError, match=words):
        calls.outcome({**empty, **change})
