"""V1 gives the outcome of the legacy engine on every recorded case, events included."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import observed
import pytest
import recorded

from parity.harness.model.recorded import RecordingError

CHUNKS = recorded.chunks(observed.ROOT)


def test_there_are_recorded_outcomes() -> None:
    assert CHUNKS or not observed.is_own_copy(), f"no recorded outcomes below {observed.ROOT}"


@pytest.mark.parametrize(("path", "first"), CHUNKS, ids=[f"{p.name.split('.')[0]}-{i}" for p, i in CHUNKS])
def test_recorded_outcomes_are_reproduced(path: Path, first: int, tmp_path: Path) -> None:
    recordings = recorded.read(path, first)
    assert recordings, f"{path} holds no recording"
    failed = {r["case"]["id"]: d for r in recordings if (d := recorded.divergence(r, tmp_path))}
    shown = "\n".join(f"{name}: {line}" for name, line in failed.items())
    assert not failed, f"{len(failed)} of {len(recordings)} diverge:\n{shown}"


def one_recording() -> dict[str, Any]:
    return json.loads((observed.DEFAULT / "recorded" / "minimal" / "timeout_order.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (("outcome", "trades", 0, "exit_price"), "outcome.trades[0].exit_price"),
        (("outcome", "metrics", "total_trades"), "outcome.metrics.total_trades"),
        (("outcome", "balance"), "outcome.balance"),
        (("outcome", "events", 3, "sl"), "outcome.events[3].sl"),
        (("bars",), "bars"),
    ],
    ids=lambda x: ".".join(map(str, x)) if isinstance(x, tuple) else None,
)
def test_a_bent_recording_is_found_at_its_path(place: tuple[Any, ...], path: str, tmp_path: Path) -> None:
    bent = copy.deepcopy(one_recording())
    assert recorded.divergence(bent, tmp_path) is None
    target = bent
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] += 1 if isinstance(target[place[-1]], int) else 1e-12 * target[place[-1]]
    found = recorded.divergence(bent, tmp_path)
    assert found is not None
    assert found.startswith(path + ":")


def test_a_missing_event_and_another_type_are_divergences(tmp_path: Path) -> None:
    shorter, whole = one_recording(), one_recording()
    shorter["outcome"]["events"].pop()
    assert recorded.divergence(shorter, tmp_path) == "outcome.events (length): recorded 10, V1 11"
    whole["outcome"]["fees_total"] = 0
    assert recorded.divergence(whole, tmp_path) == "outcome.fees_total: recorded 0, V1 0.0"


def test_a_refusal_is_no_outcome(tmp_path: Path) -> None:
    refused = one_recording()
    refused["outcome"] = {"error": {"category": "original", "code": 4000, "message": "AttributeError: no"}}
    found = recorded.divergence(refused, tmp_path)
    assert found == "outcome.error: recorded 'AttributeError: no', V1 'runs'"
    a, b = ({"error": {"code": code, "message": "ValueError: x"}} for code in (1008, 1010))
    assert recorded.refusal_divergence(a, a) is None
    special, other = ({"error": {"code": 1008, "message": f"{kind}: x"}} for kind in ("MissingRateError", "KeyError"))
    assert recorded.refusal_divergence(a, special) is None
    assert recorded.refusal_divergence(a, other) == "outcome.error.message: recorded ValueError, V1 KeyError"
    assert recorded.refusal_divergence(a, b) == "outcome.error.code: recorded 1008, V1 1010"


def test_any_number_of_cases_and_any_subset_of_files_is_walked(tmp_path: Path) -> None:
    assert recorded.chunks(tmp_path) == []
    folder = tmp_path / "recorded"
    folder.mkdir()
    with gzip.open(folder / "more.jsonl.gz", "wt", encoding="utf-8") as handle:
        handle.writelines(line_of(f"case-{n}") for n in range(recorded.CHUNK + 1))
    (folder / "empty.jsonl.gz").write_bytes(gzip.compress(b""))
    found = recorded.chunks(tmp_path)
    assert [(p.name, first) for p, first in found] == [
        ("empty.jsonl.gz", 0), ("more.jsonl.gz", 0), ("more.jsonl.gz", recorded.CHUNK),
    ]  # fmt: skip
    assert [len(recorded.read(*chunk)) for chunk in found[1:]] == [recorded.CHUNK, 1]
    with pytest.raises(RecordingError, match=r"empty\.jsonl\.gz: holds no recording"):
        recorded.read(*found[0])


def line_of(name: str) -> str:
    recording = one_recording()
    recording["case"]["id"] = name
    return json.dumps(recording) + "\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(line_of("a").encode())[:-30], "cannot be unpacked"),
        (b"no gzip", "cannot be unpacked"),
        (gzip.compress((line_of("a") + "{\n").encode()), r"bad\.jsonl\.gz:2: "),
        (gzip.compress((line_of("a") * 2).encode()), r"bad\.jsonl\.gz:2: has the id 'a' of line 1"),
        (gzip.compress(b" " * (9 << 20)), "a line of more than 8 MiB"),
    ],
    ids=["cut", "no-gzip", "broken-line", "same-id", "bomb"],
)
def test_a_broken_file_fails_its_own_test_and_no_other(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "bad.jsonl.gz").write_bytes(content)
    [chunk] = recorded.chunks(tmp_path)
    with pytest.raises(RecordingError, match=words):
        recorded.read(*chunk)
