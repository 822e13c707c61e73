"""Judges what spec 3.1 asks of spellings, besides equal results. Pure.

What V1 refused, it has to refuse, and the candidate refuses it or takes it and reports "V1 refused this". What V1 took,
a migration that reports at all has to report under its key and by the right word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from parity.harness.model.case import Case
from parity.harness.model.outcome import Answer, Outcome, Refusal
from parity.harness.model.plain import refused, taken
from parity.harness.model.spellings import V1_REFUSED
from parity.harness.oracle.compare import Difference, Names

#: Where an answer holds its migration's report: pairs of key and word.
REPORT = "migration"


def spelled(case: Case, a: Answer, b: Answer, differences: list[Difference], names: Names) -> list[Difference]:
    """The differences that remain once spellings are accounted for, and those of the report."""
    if a.outcome is None or b.outcome is None:
        return differences
    odd = refused(case)
    if odd:
        return [*_refused(odd[0][1], a, b, names)]
    if differences or isinstance(b.outcome, Refusal):
        return differences
    return [found for one, path in taken(case) for found in _reported(path, one.kinds, b, names)]


def _refused(path: str, a: Answer, b: Answer, names: Names) -> Iterator[Difference]:
    """V1's code is that of whatever the raw config ran into, so codes are not compared here."""
    if isinstance(a.outcome, Outcome):
        note = f"{names[0]} runs with a spelling of {path} that V1 refused"
        yield Difference(group="refusal", field="code", a=None, b=_code(b), path="error.code", note=note)
    elif isinstance(b.outcome, Outcome) and V1_REFUSED not in set(_words(path, b)):
        note = f"{names[1]} runs with a spelling of {path} that V1 refused, and does not report it"
        yield Difference(group="refusal", field="code", a=_code(a), b=None, path="error.code", note=note)


def _code(answer: Answer) -> int | None:
    return answer.outcome.code if isinstance(answer.outcome, Refusal) else None


def _reported(path: str, kinds: tuple[str, ...], b: Answer, names: Names) -> Iterator[Difference]:
    """Whether a report names the key; an engine that gives no report is not asked for one."""
    if not kinds or REPORT not in b.extra:
        return
    words = sorted(set(_words(path, b)))
    if not set(words) & set(kinds):
        note = f"{names[1]}'s report of {path} has {' and '.join(words) or 'no line'}; wanted {' or '.join(kinds)}"
        yield Difference(group="migration", field=path, a=None, b=", ".join(words), path=f"report[{path}]", note=note)


def _words(path: str, answer: Answer) -> Iterable[Any]:
    """The words of a report about a key, about what lies in it, or about the mapping that it is the point of."""
    report = answer.extra.get(REPORT)
    for row in report if isinstance(report, list) else ():
        if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str):
            key, word = row
            if key == path or key.startswith((f"{path}.", f"{path}[")):
                yield word
