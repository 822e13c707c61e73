"""Joins the sessions of several machines to one and refuses those that are not parts of one run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parity.harness.report.document import SessionDocument, SessionError
from parity.harness.report.session import Session

#: What every part of one run has in common.
SHARED = ("commit", "engines")
UNKNOWN_COMMIT = "unknown"


def join(parts: Sequence[tuple[str, Session, SessionDocument]]) -> Session:
    """The whole of (name, session, document) parts; the report and the exit code of it are those of one run.

    Raises:
        SessionError: there are none, two differ in commit, engines, profile or seed, or a shard is missing or twice.
    """
    if not parts:
        raise SessionError("there is no session to join")
    first, _, reference = parts[0]
    for name, _, document in parts:
        if document.commit == UNKNOWN_COMMIT:
            raise SessionError(f"{name}: its commit is unknown, so it may not belong to the others")
        for field in SHARED:
            _same(field, first, getattr(reference, field), name, getattr(document, field))
        _same("versions", first, _versions(reference), name, _versions(document))
        _same("number of shards", first, reference.profile.shard[1], name, document.profile.shard[1])
        for field in ("name", "seed", "examples", "sweep", "seconds", "gate", "reduced"):
            label = "profile" if field == "name" else f"profile's {field}"
            _same(label, first, getattr(reference.profile, field), name, getattr(document.profile, field))
    _complete([(name, document.profile.shard) for name, _, document in parts])
    whole = Session(profile=replace(reference.profile, shard=(1, 1)), engines=reference.engines)
    for _, session, _ in parts:
        whole.merge(session)
    return whole


def _versions(document: SessionDocument) -> dict[str, str]:
    """Versions of the engines; machine and Python may differ from shard to shard."""
    return {name: version for name, version in document.versions.items() if name in ("V1", "V2")}


def _same(what: str, first: str, a: object, other: str, b: object) -> None:
    if a != b:
        raise SessionError(f"{other}: another {what} than {first}: {b!r}, not {a!r}")


def _complete(shards: Sequence[tuple[str, tuple[int, int]]]) -> None:
    found: dict[int, str] = {}
    n = shards[0][1][1]
    for name, (k, _) in shards:
        if k in found:
            raise SessionError(f"{name}: shard {k}/{n} is in {found[k]} already")
        found[k] = name
    missing = [f"{k}/{n}" for k in range(1, min(n, len(found) + 10) + 1) if k not in found]
    if missing:
        raise SessionError(f"missing shards: {', '.join(missing)}")
