"""Sessions as documents: they come back as they were, and whatever is no session is refused with the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.report.sessions import match, part

from parity.harness.report.document import MOST_BYTES, SessionError, decode, encode
from parity.harness.report.session import Session
from parity.harness.report.text import render


def text(seen: Session | None = None) -> str:
    return encode(seen or part(), commit="c0ffee", versions={"V1": "1", "V2": "2"})


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(text()), **changes})


def test_a_session_comes_back_as_it_was() -> None:
    seen = part(2, 3)
    seen.fail("difference", "a test", "with a cause")
    seen.findings.append("FOUND something")
    again, document = decode(text(seen))
    assert again == seen
    assert render(again) == render(seen)
    assert document.commit == "c0ffee"


def test_what_two_processes_have_recorded_adds_up_in_the_one_that_reports() -> None:
    whole = Session()
    for i in range(2):
        process = part()
        if i:
            process.fail("difference", "a test")
        whole.merge(decode(text(process))[0])
    assert whole.total.cases == 62
    assert whole.total.refused == 2
    assert whole.total.trades == 240
    assert whole.total.unknown == {"trades.entry_fee": 60}
    assert whole.total.untraced == {"new": 60}
    assert whole.engines == ("old", "new")
    assert whole.paces["sweep"].cases == 60
    assert whole.paces["sweep"].harness == pytest.approx(1.0)
    assert whole.coverage.count("data M1") == 2
    assert [failure.kind for failure in whole.failures] == ["difference"]
    assert whole.clocks.a == 3.0
    assert whole.processes == 2


def nested(path: str, value: Any) -> str:
    """The text of a session with another value at a path of keys."""
    raw = json.loads(text())
    *way, last = path.split("/")
    at = raw
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    at[int(last) if isinstance(at, list) else last] = value
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "no strict JSON"),
        ("[" * 200_000, "no strict JSON"),
        ("[]", "format must be 'omega-parity-session/1'"),
        (changed(format="omega-parity-session/2"), "not 'omega-parity-session/2'"),
        (changed(surprise=1), "unknown field `surprise`"),
        (json.dumps({k: v for k, v in json.loads(text()).items() if k != "failures"}), "field `failures`"),
        (text().replace('"adrs": 2', '"adrs": 2, "adrs": 3'), "'adrs' occurs twice"),
        (text().replace('"adrs": 2', '"adrs": NaN'), "NaN"),
        (text().replace('"adrs": 2', '"adrs": 1e999'), "1e999 is no 64-bit number"),
        (text().replace('"adrs": 2', '"adrs": 99999999999999999999'), "no 64-bit number"),
        (changed(adrs=-1), r"\$\.adrs"),
        (changed(adrs=True), r"\$\.adrs"),
        (changed(adrs=2.0), r"\$\.adrs"),
        (nested("tallies/sweep/trades", -1), r"tallies"),
        (nested("tallies/sweep/verdicts", {"fine": 1}), "fine"),
        (nested("tallies/sweep/surprise", 1), "surprise"),
        (nested("market_runs/0/surprise", 1), r"unknown field - at `\$\.market_runs\[0\]\.surprise`"),
        (nested("market_runs/0/trades", -4), "a figure is negative"),
        (nested("profile/shard", [3, 2]), "3/2 is no shard"),
        (nested("profile", {"name": "ci", "examples": 1, "sweep": 1}), r"missing field - at `\$\.profile\."),
        (nested("coverage/hits/old", {"no such branch": 1}), "no such rule branch"),
        (nested("coverage/traced", ["a third"]), "no such engine: a third"),
        (changed(failures=[{"kind": "harmless", "test": "a", "message": ""}]), "no such kind: harmless"),
        (changed(ran=["a test that was never collected"]), "not among"),
        (nested("before_after/0/v2/seconds", 0.0), "seconds must be positive"),
        (" " * (MOST_BYTES + 1), "at most 64 MiB"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_session_is_refused_with_the_place(document: str, words: str) -> None:
    with pytest.raises(SessionError, match=words):
        decode(document)


def test_a_session_cannot_rewrite_what_a_terminal_shows() -> None:
    seen = part()
    seen.findings.append("\x1b[2J\x1b[1;1HEQUAL: everything\u202e")
    assert "\x1b" not in render(decode(text(seen))[0])
    assert "\u202e" not in render(decode(text(seen))[0])


def test_the_last_line_names_some_unknown_fields_and_counts_the_others() -> None:
    seen = part()
    seen.add("sweep", match(unknown=frozenset(f"metrics.n{i:02}" for i in range(40))))
    last = render(seen).splitlines()[-1]
    assert "metrics.n11 and 29 more" in last


def test_the_report_shows_what_a_terminal_would_obey_as_escapes() -> None:
    seen = part()
    seen.findings.append("a\x1b[2Jb\u202e\nnext line")
    assert "a\\x1b[2Jb\\u202e\nnext line" in render(seen)


def test_what_adapters_remark_stands_in_the_report_also_after_a_file() -> None:
    again, _ = decode(text())
    assert "new ended after an answer 1 times and was started again" in render(again)
