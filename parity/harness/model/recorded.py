"""Recorded outcomes: what the legacy engine itself answered on cases. Reads files and trusts nothing in them.

Below ``recorded/``, ``*.jsonl.gz`` hold one recording a line, ``*.json`` one each: ``case`` in the format of
``model.case``, ``outcome`` as every engine gives it, and ``bars``, the number of bars played. What cannot be read is an
error with file and line. Compressed files are read line by line, within bounds.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from parity.harness.model.case import Case, CaseError
from parity.harness.model.decode import decode_reply
from parity.harness.model.events import Gate
from parity.harness.model.outcome import Answer, MalformedOutcomeError, Outcome
from parity.harness.model.printable import printable
from parity.harness.model.reply import parse_reply

#: Names another folder of observations than the project's own.
VARIABLE = "OMEGA_V1_OBSERVED"
OWN = Path(__file__).resolve().parents[3] / "legacy_v1" / "observed"
#: Bytes of one recording, and of a file that is unpacked: a usual recording has 20 kB, a set of 900 has 18 MB.
MOST_OF_LINE, MOST_OF_FILE = 8 << 20, 512 << 20
#: Metrics that count something.
COUNTS = ("total_trades", "active_days")
#: What reading a file that is no gzip, or half of one, raises.
_BROKEN = (OSError, EOFError, zlib.error)


class RecordingError(ValueError):
    """A file, or a line of it, that is no recording; the message begins with file and line."""


class _Case(msgspec.Struct):
    id: str


class _Id(msgspec.Struct):
    case: _Case


class _Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    case: msgspec.Raw
    outcome: msgspec.Raw
    bars: int


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A case and what the legacy engine answered; ``place`` is where it is recorded, as ``file:line``."""

    case: Case
    answer: Answer
    place: str

    @property
    def kind(self) -> str:
        """``scripted`` or ``strategy``: what gives the orders."""
        return "scripted" if "orders" in (self.case.config["strategy"].get("parameters") or {}) else "strategy"

    @property
    def gates(self) -> bool:
        """Whether gates are recorded, which are compared only then."""
        outcome = self.answer.outcome
        events = outcome.events if isinstance(outcome, Outcome) else ()
        return events is not msgspec.UNSET and any(isinstance(event, Gate) for event in events)


def observed_root() -> Path:
    """The folder of observations: ``$OMEGA_V1_OBSERVED``, else the project's own copy."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else OWN


def recorded_files(root: Path) -> list[Path]:
    """The files of recordings below a folder of observations; any number of them, none included."""
    folder = root / "recorded"
    return [path for kind in ("*.jsonl.gz", "*.json") for path in sorted(folder.rglob(kind))]


def count(path: Path) -> int:
    """How many recordings a file holds, as far as it can be read: what cannot is for ``recordings`` to report."""
    if path.suffix == ".json":
        return 1
    number = 0
    try:
        for number, _ in _lines(path):  # noqa: B007 - the last one counts
            pass
    except RecordingError:
        return number + 1
    return number


def recordings(path: Path, numbers: range | None = None) -> Iterator[Recording]:
    """The recordings of a file, of ``numbers`` (lines, counted from 1) where given.

    Raises:
        RecordingError: the file or a line cannot be read, is no recording, is too large, or has the id of another line.
    """
    if path.suffix == ".json":
        yield _recording(_whole(path), path.name)
        return
    known: dict[str, int] = {}
    wanted = None if numbers is None else set(numbers)
    for number, line in _lines(path):
        place = f"{path.name}:{number}"
        name = _id(line, place)
        if name in known:
            raise RecordingError(f"{place}: has the id {printable(name)[:80]!r} of line {known[name]}")
        known[name] = number
        if wanted is None or number in wanted:
            yield _recording(line, place)
    if not known:
        raise RecordingError(f"{path.name}: holds no recording")


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number, from 1, and text of each recording of a file, whatever it holds.

    Raises:
        RecordingError: the file cannot be read or is too large.
    """
    yield from [(1, _whole(path))] if path.suffix == ".json" else _lines(path)


def _whole(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            text = handle.read(MOST_OF_LINE + 1)
    except OSError as error:
        raise RecordingError(f"{path.name}: cannot be read: {error.strerror}") from error
    if len(text) > MOST_OF_LINE:
        raise RecordingError(f"{path.name}: has more than {MOST_OF_LINE >> 20} MiB")
    return text


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and text of each line; at most MOST_OF_LINE bytes of the file are in memory."""
    number, total = 0, 0
    try:
        with gzip.open(path, "rb") as handle:
            while line := handle.readline(MOST_OF_LINE + 1):
                number, total = number + 1, total + len(line)
                if len(line) > MOST_OF_LINE:
                    raise RecordingError(f"{path.name}:{number}: a line of more than {MOST_OF_LINE >> 20} MiB")
                if total > MOST_OF_FILE:
                    raise RecordingError(f"{path.name}:{number}: more than {MOST_OF_FILE >> 20} MiB when unpacked")
                yield number, line
    except _BROKEN as error:
        raise RecordingError(f"{path.name}:{number + 1}: cannot be unpacked: {error}") from error


def _id(line: bytes, place: str) -> str:
    try:
        return msgspec.json.decode(line, type=_Id).case.id
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RecordingError(f"{place}: {_words(error)}") from error


def _recording(line: bytes, place: str) -> Recording:
    try:
        strict: Any = parse_reply(line)
        raw = msgspec.json.decode(line, type=_Line)
        outcome, bars = decode_reply({"outcome": _with_money(strict["outcome"]), "bars": strict["bars"]})
        case = Case.from_json(bytes(raw.case).decode())
    except MalformedOutcomeError as error:
        inside = error.path.split(".")[0] not in ("", "outcome", "bars")
        raise RecordingError(f"{place}: {printable(f'outcome.{error}' if inside else str(error))}") from error
    except CaseError as error:
        raise RecordingError(f"{place}: case: {_words(error)}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RecordingError(f"{place}: {_words(error)}") from error
    if not case.bars:
        raise RecordingError(f"{place}: case: has no bars of its own")
    return Recording(case=replace(case, data_root=None), answer=Answer(outcome=outcome, bars=bars), place=place)


def _with_money(outcome: Any) -> Any:
    """The outcome with its metrics of money and ratios as doubles, as V1's adapter gives them.

    The legacy engine adds up from a whole 0: what no trade has added to is the one number of another type.
    """
    metrics = outcome.get("metrics") if isinstance(outcome, dict) else None
    if not isinstance(metrics, dict):
        return outcome
    zero = {name: 0.0 for name, value in metrics.items() if type(value) is int and not value and name not in COUNTS}
    return {**outcome, "metrics": {**metrics, **zero}} if zero else outcome


def _words(error: Exception) -> str:
    return printable(str(error).replace(" - at `$.", " - at `"))[:400]
