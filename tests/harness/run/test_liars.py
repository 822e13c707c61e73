"""Engines that bend one answer: each ends as incomparable with the path, or as a difference, and never as a match."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.coverage.execution import branches
from parity.harness.engines import V1Engine, V2Engine
from parity.harness.engines.callable import CallableEngine
from parity.harness.generate.cases import sweep_case
from parity.harness.model.case import Case
from parity.harness.model.decode import decode_outcome
from parity.harness.model.events import EVENTS
from parity.harness.model.files import Prepared, prepare
from parity.harness.model.outcome import Answer, MalformedOutcomeError, Outcome, Refusal
from parity.harness.model.reply import parse_reply
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.grouping import grouped
from parity.harness.oracle.verdict import Verdict
from parity.harness.run.differential import SAMPLED, Examined, Pair
from parity.harness.triage.narrate import Side, narrate
from parity.harness.triage.render import render
from tests.harness.answers import bent, leaves, outcome, put, trade, without

LIAR = Path(__file__).resolve().parents[1] / "engines_that_lie.py"
PINNED = Path(__file__).resolve().parents[3] / "parity" / "cases"
CASE = BUILDERS["exit_gap"]()
GOOD = outcome(events=True)


class Raw:
    """An engine that answers with plain data, by way of text as every engine does."""

    def __init__(self, name: str, raw: Any) -> None:
        self.name = name
        self.raw = raw

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        try:
            decoded = decode_outcome(parse_reply(json.dumps(self.raw).encode()))
        except MalformedOutcomeError as error:
            return Answer(outcome=None, failure=f"answered nonsense: {error}")
        return Answer(outcome=decoded, bars=3)

    def close(self) -> None: ...


class WithoutFiles(Pair):
    """A pair whose engines read no files."""

    def prepare(self, case: Case) -> Any:
        return None


def examined(folder: Path, a: Any, b: Any) -> Examined:
    """Two plain answers judged as those of two engines, without any tolerance."""
    return WithoutFiles(Raw("honest", a), Raw("liar", b), folder, Tolerances({})).examine(CASE)


class ChangesItsMind(Raw):
    """An engine that answers otherwise where it is asked about one case twice."""

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        self.asked = prepared, prepared is getattr(self, "asked", (None,))[0]
        answer = super().run(prepared, switches)
        return Answer(outcome=decode_outcome(put(self.raw, ("balance",), 1.0)), bars=3) if self.asked[1] else answer


def test_a_reference_that_contradicts_itself_is_noticed_on_every_sixteenth_case(tmp_path: Path) -> None:
    class WithObjects(Pair):
        def prepare(self, case: Case) -> Any:
            return object()

    pair = WithObjects(ChangesItsMind("unsteady", GOOD), Raw("honest", GOOD), tmp_path, Tolerances({}))
    verdicts = [pair.examine(CASE).report for _ in range(2 * SAMPLED)]
    wrong = [i for i, report in enumerate(verdicts, 1) if report.verdict is not Verdict.MATCH]
    assert wrong == [SAMPLED, 2 * SAMPLED]
    assert "unsteady: not deterministic: one answer and the next differ in balance" in verdicts[SAMPLED - 1].reason


# Each line of the table is what one engine answers: text around a good outcome, and the words of the verdict on it.
Bend = Callable[[Any], Any]


def text(bend: Bend = lambda raw: raw) -> str:
    return json.dumps({"outcome": bend(GOOD), "bars": 3})


def at(*path: Any, to: Any) -> str:
    return text(lambda raw: put(raw, path, to))


def spelled(old: str, new: str) -> str:
    """The good answer with one place of its text replaced."""
    assert old in text()
    return text().replace(old, new, 1)


TABLE: dict[str, tuple[str, str]] = {
    "an unknown field with money in it": (at("trades", 0, "money", to=1e6), "trades[0].money: unknown field"),
    "an unknown total at the top": (at("total", to=1e6), "total: unknown field"),
    "an unknown metric": (at("metrics", "luck", to=1.0), "metrics.luck: None -> 1.0 (only in liar)"),
    "a missing field": (text(lambda raw: without(raw, ("trades", 0, "size"))), "trades[0].size: missing"),
    "a missing total": (text(lambda raw: without(raw, ("balance",))), "balance: missing"),
    "false for 0": (at("trades", 0, "order_id", to=False), "trades[0].order_id: false is not a whole number"),
    "1 for true": (at("events", 7, "tp_hit", to=1), "events[7].tp_hit: 1 is not true or false"),
    "3.0 for 3": (at("trades", 0, "exit_time_ns", to=3.0), "trades[0].exit_time_ns: 3.0 is not a whole number"),
    "3 for 3.0": (at("trades", 0, "result", to=100), "trades[0].result: 100 is not a finite number"),
    "3.0 for 3 in a metric": (at("metrics", "total_trades", to=3.0), "metrics.total_trades: 3 -> 3.0"),
    "true for 3 in a metric": (at("metrics", "total_trades", to=True), "metrics.total_trades: true is not"),
    "-0.0 for 0.0": (at("trades", 0, "entry_fee", to=-0.0), "trades[order 0].entry_fee: 0.0 -> -0.0"),
    "-0.0 for 0.0 in a metric": (at("metrics", "sortino_trade", to=-0.0), "metrics.sortino_trade: 0.0 -> -0.0"),
    "null where it is not allowed": (at("trades", 0, "tp", to=None), "trades[0].tp: null is not a finite number"),
    "an empty label for none": (at("trades", 0, "scenario", to=""), "trades[order 0].scenario: None -> ''"),
    "NaN": (at("trades", 0, "result", to=math.nan), "outcome.trades[0].result: NaN is no finite number"),
    "Infinity": (at("balance", to=math.inf), "outcome.balance: Infinity is no finite number"),
    "1e999": (spelled('"balance": 10000.0', '"balance": 1e999'), "outcome.balance: Infinity is no finite number"),
    "a time with a fraction": (at("equity", 1, 0, to=1.5), "equity[1][0]: 1.5 is not a whole number"),
    "a time as a text": (at("trades", 0, "entry_time_ns", to="0"), 'trades[0].entry_time_ns: "0" is not a whole'),
    "a time beyond 64 bits": (at("trades", 0, "entry_time_ns", to=2**63), "trades[0].entry_time_ns: 92233720"),
    "a number of 400 digits": (at("trades", 0, "entry_time_ns", to=10**400), "trades[0].entry_time_ns: 1000000"),
    "an extra event": (text(lambda raw: put(raw, ("events",), [*raw["events"], raw["events"][-1]])), "events: 9 -> 10"),
    "a missing event": (text(lambda raw: put(raw, ("events",), raw["events"][:-1])), "events: 9 -> 8"),
    "no events but a list": (at("events", to=[]), "events: 9 -> 0"),
    "an unknown kind of event": (at("events", 8, "event", to="won"), 'events[8].event: "won" is not one of'),
    "two events swapped": (
        text(lambda raw: put(raw, ("events",), [*raw["events"][:7], *raw["events"][:6:-1]])),
        "the traces differ",
    ),
    "two trades swapped": (text(lambda raw: put(raw, ("trades",), raw["trades"][::-1])), "trades.order"),
    "two points of equity swapped": (
        text(lambda raw: put(raw, ("equity",), raw["equity"][::-1])),
        "equity[0].timestamp_ns: 1970-01-01 00:00 -> 1970-01-01 00:00:00.000000002",
    ),
    "a trade twice": (text(lambda raw: put(raw, ("trades",), [*raw["trades"], trade(0)])), "only in liar"),
    "a point of equity with three elements": (at("equity", 1, to=[1, 1.0, 1.0]), "equity[1]: a list is not a pair"),
    "negative zero in equity": (at("equity", 1, 1, to=-0.0), "equity[1].equity: 10000.0 -> -0.0"),
    "a whole number in equity": (at("equity", 1, 1, to=10000), "equity[1][1]: 10000 is not a finite number"),
    "equity as columns": (at("equity", to={"timestamp_ns": [], "equity": []}), "equity: an object is not a list"),
    "metrics null": (at("metrics", to=None), "metrics: null is not an object"),
    "metrics a list": (at("metrics", to=[]), "metrics: a list is not an object"),
    "no metrics": (at("metrics", to={}), "metrics.total_trades: 3 -> None (only in honest)"),
    "a key twice": (spelled('"balance"', '"balance": 10000.0, "balance"'), 'outcome: has the key "balance" twice'),
    "a key of a row twice": (spelled('"size"', '"size": 0.5, "size"'), 'trades[0]: has the key "size" twice'),
    "200,000 brackets": ("[" * 200_000, "nested too deeply"),
    "200,000 brackets within": (spelled('"note": "n/a"', '"note": ' + "[" * 200_000 + "]" * 200_000), "too deeply"),
    "half a surrogate pair": (spelled('"EURUSD"', '"EUR\\ud800"'), 'outcome.trades[0].symbol: "EUR\\ud800" holds half'),
    "half a surrogate pair in a key": (spelled('"note"', '"note\\udfff"'), "holds half a surrogate pair"),
    "bytes that are no text": (spelled('"EURUSD"', '"EUR\udcff"'), "is not JSON"),
    "bars as a text": (text().replace('"bars": 3', '"bars": "abc"'), 'bars: "abc" is not a whole number of bars'),
    "other bars": (text().replace('"bars": 3', '"bars": 4'), "bars: 3 -> 4"),
    "no outcome": ('{"bars": 3}', "outcome"),
    "an outcome and a refusal": (at("error", to={"category": "io", "code": 1}), "unknown field of a refusal"),
    "a refusal with true for a code": ('{"outcome": {"error": {"category": "io", "code": true}}}', "error.code: true"),
    "a refusal": ('{"outcome": {"error": {"category": "io", "code": 3001}}}', "error.code: None -> 3001"),
    "a list": ("[]", "nonsense"),
    "a text": ('"equal"', "nonsense"),
    "nothing": ("", "nonsense"),
}  # fmt: skip


def saying(folder: Path, name: str, reply: str) -> V1Engine:
    """A process that answers every request with this text."""
    path = folder / "reply.json"
    path.write_text(reply, encoding="utf-8", errors="surrogateescape")
    engine = V1Engine(timeout=20.0, command=[sys.executable, str(LIAR), "says", str(path)])
    engine.name = name
    return engine


@pytest.mark.parametrize("kind", TABLE)
def test_an_engine_that_bends_one_answer_is_never_a_match(tmp_path: Path, kind: str) -> None:
    reply, told = TABLE[kind]
    liar = saying(tmp_path, "liar", reply)
    try:
        found = Pair(Raw("honest", GOOD), liar, tmp_path, Tolerances.load()).examine(CASE)
    finally:
        liar.close()
    assert found.report.verdict in (Verdict.INCOMPARABLE, Verdict.UNEXPLAINED)
    assert found.fingerprint is not None
    assert told in str(found.report)


def test_the_answer_that_the_table_bends_is_a_match_in_any_order_of_keys(tmp_path: Path) -> None:
    backwards = json.dumps({"bars": 3, "outcome": {key: GOOD[key] for key in reversed(GOOD)}})
    for reply in (text(), backwards):
        liar = saying(tmp_path, "liar", reply)
        found = Pair(Raw("honest", GOOD), liar, tmp_path, Tolerances.load()).examine(CASE)
        liar.close()
        assert found.report.verdict is Verdict.MATCH, str(found.report)


def plain(answer: Outcome | Refusal) -> Any:
    """An answer as an engine would write it, gates left out: they are not compared."""
    if isinstance(answer, Refusal):
        return {"error": msgspec.to_builtins(answer)}
    raw = json.loads(msgspec.json.encode(msgspec.structs.replace(answer, events=answer.trace or ())))
    del raw["unknown"]
    return raw


def real_cases() -> Iterator[Case]:
    """Small cases whose answers hold every kind of row and event between them, and a refusal."""
    for name in ("exit_gap", "pending_entry_time", "fee_rounding"):
        yield BUILDERS[name]()
    # A rejected order, an order that still waits, and a market.
    yield from (Case.load(PINNED / f"branch__{name}.json") for name in ("market_near_stop", "cooldown_entry"))
    yield sweep_case(11, 0)[0]


@pytest.fixture(scope="module")
def real_answers(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder, engine = tmp_path_factory.mktemp("real"), V2Engine()
    out = []
    for case in real_cases():
        answer = engine.run(prepare(case, folder), {}, events=True)
        assert answer.outcome is not None, answer.failure
        out.append(plain(answer.outcome))
    return out


def shortened(raw: Any) -> Any:
    """At most two rows of each kind: they all have the same leaves."""
    kinds: dict[str, int] = {}
    kept = []
    for row in raw["events"]:
        kinds[row["event"]] = kinds.get(row["event"], 0) + 1
        if kinds[row["event"]] <= 2:
            kept.append(row)
    parts = {part: raw[part][:2] for part in ("trades", "open_positions", "equity")}
    return {**raw, **parts, "events": kept}


def explained(case: Case, found: Examined) -> None:
    """What is made of an answer for a reader breaks on no number that an engine may give."""
    a, b = found.a.outcome, found.b.outcome
    if a is None or b is None:
        return
    branches(case, b)
    assert narrate(case, (Side(name="honest", outcome=a), Side(name="liar", outcome=b)), found.report.differences)
    assert render(a, b, found.report.differences) or found.report.differences[0].group == "events"
    assert grouped(found.report.differences)


def test_whatever_leaf_of_a_real_answer_is_bent_it_is_never_a_match(tmp_path: Path, real_answers: list[Any]) -> None:
    counts: dict[Verdict, int] = {}
    for case, raw in ((case, shortened(raw)) for case, raw in zip(real_cases(), real_answers, strict=True)):
        assert examined(tmp_path, raw, raw).report.verdict is Verdict.MATCH
        for path in leaves(raw):
            for what, liar in bent(raw, path):
                found = examined(tmp_path, raw, liar)
                assert found.report.verdict in (Verdict.INCOMPARABLE, Verdict.UNEXPLAINED), what
                assert found.fingerprint is not None, what
                counts[found.report.verdict] = counts.get(found.report.verdict, 0) + 1
                explained(case, found)
    print(f"answers with one bent leaf: {counts}")
    assert min(counts.values()) > 300
    assert sum(counts.values()) > 2000


def test_the_real_answers_hold_every_kind_of_row_and_event(real_answers: list[Any]) -> None:
    kinds = {row["event"] for raw in real_answers for row in raw["events"]}
    assert kinds == {struct.__struct_config__.tag for struct in EVENTS} - {"gate"}
    assert any(raw["trades"] for raw in real_answers)
    assert any(raw["open_positions"] for raw in real_answers)


REFUSED = {"error": {"category": "io", "code": 3001, "message": "no"}}


def test_whatever_leaf_of_a_refusal_is_bent_it_is_a_match_in_its_words_alone(tmp_path: Path) -> None:
    agreed = []
    for path in leaves(REFUSED):
        for what, liar in bent(REFUSED, path):
            if examined(tmp_path, REFUSED, liar).report.verdict is Verdict.MATCH:
                agreed.append(what)
    assert agreed == ["error.category: 'io' -> 'iox'", "error.message: 'no' -> 'nox'", "error.message dropped"]


def test_whatever_part_of_a_real_answer_is_left_out_is_missed(tmp_path: Path, real_answers: list[Any]) -> None:
    raw = shortened(real_answers[0])
    for name in raw:
        found = examined(tmp_path, raw, without(raw, (name,)))
        if name == "events":
            # An engine need not have a trace; what was not compared is said.
            assert found.report.verdict is Verdict.MATCH
            assert found.report.unknown == {"events"}
        else:
            assert found.report.verdict is Verdict.INCOMPARABLE
            assert found.report.reason == f"liar: answered nonsense: {name}: missing"


def test_what_an_engine_does_not_know_is_said_and_never_counts_as_equal(tmp_path: Path) -> None:
    liar = {**without(GOOD, ("balance",)), "unknown": ["balance", "metrics.sortino_trade"]}
    liar = without(liar, ("metrics", "sortino_trade"))
    found = examined(tmp_path, GOOD, liar)
    assert found.report.verdict is Verdict.MATCH
    assert found.report.unknown == {"balance", "metrics.sortino_trade"}
    found = examined(tmp_path, GOOD, put(liar, ("fees_total",), 2.0))
    assert [d.path for d in found.report.differences] == ["fees_total"]


def test_a_function_of_this_process_passes_the_same_decoder(tmp_path: Path) -> None:
    def told(reply: Any) -> str:
        engine = CallableEngine("loose", lambda _: reply)
        return str(engine.run(prepare(CASE, tmp_path), {}).failure)

    assert told({"outcome": GOOD, "bars": 3}) == "None"
    assert "outcome.balance: NaN is no finite number" in told({"outcome": put(GOOD, ("balance",), math.nan)})
    assert "trades[0].order_id: false is not" in told({"outcome": put(GOOD, ("trades", 0, "order_id"), False)})
    assert "not JSON serializable" in told({"outcome": put(GOOD, ("trades", 0, "size"), object())})
    assert "balance: missing" in told({"outcome": without(GOOD, ("balance",))})
    assert "bars: true is not a whole number of bars" in told({"outcome": GOOD, "bars": True})
    assert "reply: null is not an object" in told(None)
