"""The protocol document is current, and what it says of requests, replies, metrics, refusals and order is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.engines import V1Engine, V2Engine, protocol, wire
from parity.harness.engines import protocol_words as words
from parity.harness.engines.configured import KEYS, configured, limits
from parity.harness.generate.cases import sweep_case
from parity.harness.model.capabilities import GATES
from parity.harness.model.case import Case
from parity.harness.model.events import EVENTS
from parity.harness.model.files import prepare
from parity.harness.model.outcome import OpenPosition, Outcome, Refusal, Trade
from parity.harness.model.plain import refused

REPOSITORY = Path(__file__).resolve().parents[3]
DRAWN = range(0, 320, 4)


def named(rows: object) -> list[str]:
    """First cells of a table, without their back ticks."""
    return [str(row[0]).strip("`") for row in rows]  # type: ignore[attr-defined]


def test_the_document_is_what_the_types_say() -> None:
    assert protocol.PLACE.read_text(encoding="utf-8") == protocol.document(), f"run: {protocol.COMMAND}"


def test_the_document_names_every_field_event_and_gate() -> None:
    text = protocol.document()
    for struct in (Trade, OpenPosition, Refusal, *EVENTS):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in text
    for event in EVENTS:
        assert f"### `{event.__struct_config__.tag}`" in text
    assert len(GATES) == 9
    assert all(f"`{gate}`" in text for gate in GATES)
    assert re.findall(r"(/work|/root|/home)", text) == []


def test_the_tables_name_the_keys_that_are_written_and_read(tmp_path: Path) -> None:
    request = wire.request_of(prepare(BUILDERS["exit_gap"](), tmp_path), {}, events=False)
    assert named(words.REQUEST_KEYS) == ["id", *request]
    assert named(words.REPLY_KEYS) == list(wire.REPLY)
    assert named(words.HELLO_KEYS) == list(wire.HELLO)
    assert list(words.TOML_KEYS) == list(KEYS)
    assert list(words.OUTCOME_KEYS) == [field.name for field in msgspec.structs.fields(Outcome)]


@pytest.mark.parametrize(
    ("switch", "config"),
    [("config_rules", {}), ("data_rules", {}), ("warmup", {}), ("exit_gap", {"symbol": "NONE"}), ("exit_gap", {})],
)
def test_the_example_answers_what_v2_answers(switch: str, config: dict[str, str], tmp_path: Path) -> None:
    case = BUILDERS[switch]().with_config(**config)
    answers = []
    for engine in (V2Engine(), configured(REPOSITORY / "parity" / "examples" / "engines.toml")[1]):
        answers.append(engine.run(prepare(case, tmp_path), {switch: "v2"}, events=True))
        engine.close()
    assert answers[0].outcome == answers[1].outcome is not None
    assert isinstance(answers[0].outcome, Outcome) == (switch == "exit_gap" and not config)
    assert answers[0].bars == answers[1].bars or isinstance(answers[0].outcome, Refusal)


def test_the_examples_of_the_document_are_read_as_they_stand() -> None:
    hello, reply, refused = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", protocol.document(), re.S))
    assert wire.read_hello(hello).version == "1.4"
    assert isinstance(wire.read_reply(reply).outcome, Outcome)
    assert isinstance(wire.read_reply(refused).outcome, Refusal)


def test_the_readme_shows_an_engines_toml_that_can_be_used(tmp_path: Path) -> None:
    text = (REPOSITORY / "parity" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    assert set(tomllib.loads(example)["candidate"]) > {"unknown", "limits"}
    path = tmp_path / "engines.toml"
    path.write_text(example)
    assert [engine.name for engine in configured(path)] == ["V1", "bt"]
    assert limits(path).gates == ("session",)


def test_the_command_of_the_document_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "protocol.md"
    command = [sys.executable, *protocol.COMMAND.split()[1:], str(path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {path}\n"
    assert path.read_text(encoding="utf-8") == protocol.document()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Case, Outcome | Refusal | None]]:
    """Both engines on drawn and pinned cases."""
    folder, found = tmp_path_factory.mktemp("files"), []
    cases = [sweep_case(0, number)[0] for number in DRAWN]
    cases += [Case.load(path) for path in sorted((REPOSITORY / "parity" / "cases").glob("branch__*.json"))]
    for engine in (V1Engine(), V2Engine()):
        for case in cases:
            found.append((engine.name, case, engine.run(prepare(case, folder), {}, events=True).outcome))
        engine.close()
    return found


def test_metrics_have_the_names_types_and_decimals_of_the_document(
    answers: list[tuple[str, Case, Outcome | Refusal | None]],
) -> None:
    kinds = {"whole number": int, "number": float}
    seen = 0
    for name, _, outcome in answers:
        if not isinstance(outcome, Outcome):
            continue
        assert isinstance(outcome.metrics, dict)
        assert sorted(outcome.metrics) == sorted(named(words.METRIC_ROWS)), name
        for metric, kind, decimals, _ in words.METRIC_ROWS:
            value = outcome.metrics[metric.strip("`")]
            assert type(value) is kinds[kind], (name, metric)
            if decimals:
                assert value == round(value, int(decimals)), (name, metric)
                seen += value != 0
    assert seen > 500


def test_refusals_that_cases_meet_are_those_of_the_document(
    answers: list[tuple[str, Case, Outcome | Refusal | None]],
) -> None:
    met = {(str(outcome.code), outcome.category) for name, case, outcome in answers
           if isinstance(outcome, Refusal) and name == "V2" and not refused(case)}  # fmt: skip
    assert met == {(code, category) for code, category, _ in words.MET}
    v1 = {str(outcome.code) for name, case, outcome in answers
          if isinstance(outcome, Refusal) and name == "V1" and not refused(case)}  # fmt: skip
    assert v1 == {code for code, *_ in words.MET}


def test_trades_positions_points_and_orders_are_in_the_order_of_the_document(
    answers: list[tuple[str, Case, Outcome | Refusal | None]],
) -> None:
    trades = points = 0
    for _, case, outcome in answers:
        if not isinstance(outcome, Outcome):
            continue
        keys = [(trade.exit_time_ns, trade.order_id) for trade in outcome.trades]
        assert keys == sorted(keys)
        ids = [position.order_id for position in outcome.open_positions]
        assert ids == sorted(ids)
        times = [time for time, _ in outcome.equity]
        assert all(a < b for a, b in pairwise(times))
        start = case.config["start_date"][:10]
        assert not times or times[0] >= int(_day(start))
        signals = [event for event in outcome.events if event.event == "signal"]
        script = case.config["strategy"]["parameters"].get("orders")
        if script is None:
            assert [event.order for event in signals] == list(range(len(signals)))
        else:
            assert all(script[event.order]["direction"] == event.direction for event in signals)
            assert all(script[event.order]["bar"] == event.bar for event in signals)
        trades += len(keys)
        points += len(times)
    assert trades > 200
    assert points > 2000


def _day(text: str) -> int:
    from datetime import UTC, datetime

    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


#: What may follow what within a bar: signals, then orders, then the point of the equity curve.
SIGNALS = re.compile(r"(signal (order_placed |order_rejected |filled (fee )?))*")
ORDERS = re.compile(r"((triggered )?(filled )?(fee )?(exit_checked )?(closed )?(fee )?)*equity $")


def test_events_are_in_the_order_of_the_document(
    answers: list[tuple[str, Case, Outcome | Refusal | None]],
) -> None:
    bars = 0
    for name, case, outcome in answers:
        if not isinstance(outcome, Outcome):
            continue
        by_bar: dict[int, str] = {}
        for event in outcome.trace or ():
            by_bar[event.bar] = by_bar.get(event.bar, "") + f"{event.event} "
        for text in by_bar.values():
            rest = text[SIGNALS.match(text).end() :]  # type: ignore[union-attr]
            assert "signal" not in rest, (name, case.id, text)
            assert ORDERS.match(rest), (name, case.id, text)
            bars += text != "equity "
    assert bars > 500
