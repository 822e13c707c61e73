"""Recorded outcomes are read strictly and within bounds: whatever is wrong is reported with file and line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model import recorded
from parity.harness.model.outcome import Outcome
from parity.harness.model.recorded import RecordingError, count, observed_root, recorded_files, recordings
from tests.harness.answers import outcome

CASE = json.loads(BUILDERS["exit_gap"]().to_json())


def line(name: str = "one", **changes: Any) -> dict[str, Any]:
    return {"case": {**CASE, "id": name}, "outcome": outcome(2, events=True), "bars": 3, **changes}


def write(path: Path, *lines: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    with gzip.open(path, "wb") as handle:
        handle.write("".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass"))
    return path


def fault(path: Path) -> str:
    with pytest.raises(RecordingError) as error:
        list(recordings(path))
    return str(error.value)


def test_recordings_are_found_wherever_the_variable_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(recorded.VARIABLE, str(tmp_path))
    assert recorded_files(observed_root()) == []
    several = write(tmp_path / "recorded" / "a.jsonl.gz", line("one"), line("two"), line("three"))
    single = tmp_path / "recorded" / "minimal" / "b.json"
    single.parent.mkdir()
    single.write_text(json.dumps(line("four")), encoding="utf-8")
    assert recorded_files(observed_root()) == [several, single]
    monkeypatch.delenv(recorded.VARIABLE)
    assert observed_root() == recorded.OWN


def test_a_recording_has_its_case_its_answer_and_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.gz", line("one"), line("two"))
    assert count(path) == 2
    one, two = recordings(path)
    assert (one.case.id, two.case.id, two.place) == ("one", "two", "a.jsonl.gz:2")
    assert isinstance(two.answer.outcome, Outcome)
    assert (len(two.answer.outcome.trades), two.answer.bars, two.gates, two.kind) == (2, 3, True, "scripted")
    assert [r.case.id for r in recordings(path, range(2, 3))] == ["two"]


def test_metrics_to_which_no_trade_has_added_are_doubles_as_in_every_answer(tmp_path: Path) -> None:
    answer = {**outcome(0), "metrics": {"gross_loss_eur": 0, "total_trades": 0, "winrate_percent": 0.0}}
    (one,) = recordings(write(tmp_path / "a.jsonl.gz", line(outcome=answer)))
    assert isinstance(one.answer.outcome, Outcome)
    found = one.answer.outcome.metrics
    assert isinstance(found, dict)
    assert {name: type(value) for name, value in found.items()} == {
        "gross_loss_eur": float, "total_trades": int, "winrate_percent": float,
    }  # fmt: skip


def bent(**changes: Any) -> Callable[[], object]:
    return lambda: line("two", **changes)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (lambda: "{", "a.jsonl.gz:2: Input data was truncated"),
        (lambda: "", "a.jsonl.gz:2: "),
        (lambda: [], "a.jsonl.gz:2: Expected `object`, got `array`"),
        (lambda: {"case": {}}, "a.jsonl.gz:2: Object missing required field `id` - at `case`"),
        (lambda: line("one"), "a.jsonl.gz:2: has the id 'one' of line 1"),
        (bent(money=1), "a.jsonl.gz:2: Object contains unknown field `money`"),
        (bent(bars=-1), "a.jsonl.gz:2: bars: -1 is not a whole number of bars"),
        (bent(bars=1.0), "a.jsonl.gz:2: Expected `int`, got `float` - at `bars`"),
        (bent(bars=True), "a.jsonl.gz:2: Expected `int`, got `bool` - at `bars`"),
        (bent(outcome=3), "a.jsonl.gz:2: outcome: 3 is not an object"),
        (bent(outcome={}), "a.jsonl.gz:2: outcome.balance: missing"),
        (bent(outcome={"error": {"code": "4000", "category": "x"}}), "a.jsonl.gz:2: outcome.error.code: "),
        (bent(outcome={**outcome(1), "balance": 1}), "a.jsonl.gz:2: outcome.balance: 1 is not a finite number"),
        (bent(outcome={**outcome(1), "fees": 1.0}), "a.jsonl.gz:2: outcome.fees: unknown field"),
        (bent(case={**CASE, "id": "two", "format": "x"}), "a.jsonl.gz:2: case: not a case of format"),
        (bent(case={**CASE, "id": "two", "config": {}}), "a.jsonl.gz:2: case: Object missing required field"),
        (bent(case={**CASE, "id": "two", "bars": {}}), "a.jsonl.gz:2: case: has no bars of its own"),
        (lambda: json.dumps(line("two")).replace("0.5", "NaN", 1), "a.jsonl.gz:2: "),
        (lambda: json.dumps(line("two")).replace('"bars": 3', '"bars": 3, "bars": 3'), 'has the key "bars" twice'),
        (lambda: json.dumps(line("two")).replace("market", "\ud800", 1), "a.jsonl.gz:2: "),
        (lambda: "[" * 100_000, "a.jsonl.gz:2: "),
    ],
)
def test_a_broken_line_is_reported_with_its_file_and_number(
    tmp_path: Path, second: Callable[[], object], words: str
) -> None:
    message = fault(write(tmp_path / "a.jsonl.gz", line("one"), second()))
    assert words in message
    assert message.startswith("a.jsonl.gz:2: ")


def test_a_file_that_is_no_whole_gzip_is_reported_with_the_line_it_ends_in(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.gz", *(line(str(i)) for i in range(40)))
    whole = path.read_bytes()
    for text, words in ((b"plain text", ":1: cannot be unpacked: Not a gzipped file"), (whole[: len(whole) // 2], ":")):
        path.write_bytes(text)
        assert words in fault(path)
        assert "cannot be unpacked" in fault(path)
        assert count(path) >= 1
    path.write_bytes(b"")
    assert fault(path) == "a.jsonl.gz: holds no recording"
    assert "cannot be unpacked" in fault(tmp_path / "none.jsonl.gz")


def test_what_unpacks_to_more_than_the_bounds_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "MOST_OF_LINE", 1 << 20)
    bomb = write(tmp_path / "a.jsonl.gz", line("one"), " " * (64 << 20))
    assert bomb.stat().st_size < 1 << 17
    assert fault(bomb) == "a.jsonl.gz:2: a line of more than 1 MiB"
    assert count(bomb) == 2
    size = len(json.dumps(line("one"))) + 1
    monkeypatch.setattr(recorded, "MOST_OF_FILE", size * 2)
    assert "a.jsonl.gz:3: more than 0 MiB when unpacked" in fault(
        write(tmp_path / "a.jsonl.gz", line("one"), line("two"), line("six"))
    )
    single = tmp_path / "b.json"
    single.write_text(" " * ((1 << 20) + 1), encoding="utf-8")
    assert fault(single) == "b.json: has more than 1 MiB"
    assert "cannot be read" in fault(tmp_path / "none.json")
