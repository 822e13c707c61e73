"""A V1 mapping whose keys are taken one by one, so that what is left over is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bt.migrate._report import (
    DEFAULT,
    DROPPED,
    MAPPED,
    MISSING,
    RENAMED,
    TYPE_MISMATCH,
    V1_REFUSED,
    At,
    Ledger,
    Refused,
)
from bt.migrate._show import name_of, nearest, show

Convert = Callable[[Any, At], Any]
#: A key that is absent and has no default that would have to be written.
ABSENT: Final = object()
_UNKNOWN = "V1 kept unknown keys and never read them"
#: Unknown keys of one mapping that are compared with the known ones.
_COMPARED = 100


class Source:
    """One mapping of the V1 config. ``quiet``: only what is not simply taken is reported.

    ``broken``: it is no mapping, which is reported already, so nothing in it is missing.
    """

    def __init__(self, raw: Any, path: str, ledger: Ledger, *, quiet: bool = False) -> None:
        self.path, self.ledger, self.quiet = path, ledger, quiet
        self.known: list[str] = []
        self.broken = not isinstance(raw, dict)
        self.raw: dict[str, Any] = {}
        if self.broken:
            ledger.fault(TYPE_MISMATCH, path, "wrong type", raw, "a mapping")
            return
        for key, value in raw.items():
            if isinstance(key, str):
                self.raw[key] = value
            else:
                ledger.fault(TYPE_MISMATCH, self.key(name_of(key)), "the key is no text", key, "keys are texts")

    def key(self, name: str) -> str:
        """The path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def at(self, name: str, target: str) -> At:
        """The place of a key."""
        return At(self.ledger, self.key(name_of(name)), target)

    def has(self, name: str) -> bool:
        """Whether the key is there and not taken yet; null counts."""
        return name in self.raw

    def take(self, name: str, target: str, convert: Convert, default: Any = ABSENT) -> Any:
        """The value of a key for ``target``; V1's default where the key is absent or refused."""
        self.known.append(name)
        fallback = None if default is ABSENT else default
        if name not in self.raw:
            if default is not ABSENT and not self.quiet and not self.broken:
                self.ledger.add(self.key(name), DEFAULT, target, after=show(default))
            return fallback
        at, first = self.at(name, target), len(self.ledger.findings)
        try:
            out = convert(self.raw.pop(name), at)
        except Refused:
            return fallback
        if not self.quiet and all(f.key != at.path for f in self.ledger.findings[first:]):
            self.ledger.add(at.path, MAPPED if target.split(".")[-1] == name else RENAMED, target)
        return out

    def require(self, name: str, target: str, convert: Convert, allowed: str) -> Any:
        """The value of a key that must be there; None where it is not, which is reported."""
        if self.raw.get(name) is None:
            self.known.append(name)
            self.raw.pop(name, None)
            if not self.broken:
                self.ledger.fault(MISSING, self.key(name), "is required", None, allowed)
            return None
        return self.take(name, target, convert)

    def section(self, name: str, *, null: bool = True) -> Source:
        """A mapping in this one; absent counts as empty, and null does if ``null``."""
        self.known.append(name)
        value = self.raw.pop(name, {})
        if value is None and null:
            self.ledger.add(self.key(name), V1_REFUSED, before="null", after="{}")
            value = {}
        return Source(value, self.key(name), self.ledger)

    def drop(self, name: str, reason: str) -> None:
        """Reports a key that has no effect."""
        self.known.append(name)
        if name in self.raw:
            del self.raw[name]
            self.ledger.add(self.key(name_of(name)), DROPPED, reason=reason)

    def leftovers(self) -> None:
        """Reports what nobody has taken."""
        known = list(dict.fromkeys(self.known))
        for number, name in enumerate(list(self.raw)):
            close = nearest(name, known) if number < _COMPARED else None
            self.drop(name, f"{_UNKNOWN}; the nearest known key is {close}" if close else _UNKNOWN)
