"""What became of every V1 key, and every fault found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from bt.errors import ConfigIssue, MigrationError
from bt.migrate._show import plain, show

MAPPED: Final = "mapped"
RENAMED: Final = "renamed"
NORMALISED: Final = "normalised"
DEFAULT: Final = "default"
DROPPED: Final = "dropped"
V1_REFUSED: Final = "V1 refused this"
WARNING: Final = "warning"

# Codes of V2's table (``bt schema codes``).
INVALID_ARGUMENT, TYPE_MISMATCH, CONSTRAINT, MISSING, FORMAT = 1001, 1004, 1006, 1008, 1009
EMPTY, NOT_IMPLEMENTED, TOO_LARGE = 1010, 4001, 6004


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one V1 key.

    ``action`` is one of

    * ``mapped``, ``renamed``: the value is taken as it is;
    * ``normalised``: V1 took this spelling too; it is written as V2 wants it, ``before`` and ``after`` say how;
    * ``V1 refused this``: V1 did not run with it; its meaning is beyond doubt, so it is taken;
    * ``default``: the key is absent, and V1's default is written out;
    * ``dropped``: V1 never read it;
    * ``warning``: V1 and V2 may do different things here.
    """

    key: str
    action: str
    target: str | None = None
    reason: str | None = None
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        target = f" -> {self.target}" if self.target else ""
        change = f"from {self.before} to {self.after}" if self.before is not None else self.after
        about = "; ".join(part for part in (change, self.reason) if part)
        return f"{self.action:8} {self.key}{target}{f' ({about})' if about else ''}"


@dataclass(frozen=True, kw_only=True)
class Migration:
    """The V2 config, what became of every V1 key, and environment variables that V2 needs instead of paths.

    ``semantics`` is the target that was asked for: ``v1`` or ``v2``.
    """

    config: dict[str, Any]
    findings: tuple[Finding, ...]
    environment: dict[str, str] = field(default_factory=dict)
    semantics: str = "v1"

    def report(self) -> str:
        """One line for each finding, warnings last."""
        first = [str(f) for f in self.findings if f.action != WARNING]
        last = [str(f) for f in self.findings if f.action == WARNING]
        return "\n".join([*first, *(f"{'set':8} {name}={value}" for name, value in self.environment.items()), *last])


class Refused(Exception):  # noqa: N818 - never leaves this package
    """A value was refused; its fault is in the ledger."""


class Ledger:
    """Findings and faults of one migration."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.issues: list[ConfigIssue] = []

    def add(self, key: str, action: str, target: str | None = None, **more: str | None) -> None:
        """A finding."""
        self.findings.append(Finding(key=key, action=action, target=target, **more))

    def fault(
        self, code: int, path: str, message: str, value: Any = None, allowed: str = "", nearest: str | None = None
    ) -> None:
        """A fault; the migration goes on, to find the others, and fails at its end."""
        issue = ConfigIssue(
            code=code, path=path, message=message, value=plain(value), allowed=allowed or None, nearest=nearest
        )
        self.issues.append(issue)

    def close(self) -> None:
        """Ends the search for faults.

        Raises:
            MigrationError: there are some.
        """
        if self.issues:
            raise MigrationError(tuple(self.issues))


@dataclass(frozen=True)
class At:
    """A place in the V1 config, and the key of V2 that it goes to."""

    ledger: Ledger
    path: str
    target: str

    def child(self, part: str | int) -> At:
        """An item of the list, or a key of the mapping, that lies here."""
        path = f"{self.path}[{part}]" if isinstance(part, int) else f"{self.path}.{part}"
        return At(self.ledger, path, self.target)

    def note(self, action: str, before: Any, after: Any, reason: str | None = None) -> None:
        """Reports that a value is written in another way."""
        self.ledger.add(self.path, action, self.target, before=show(before), after=show(after), reason=reason)

    def fault(
        self, code: int, message: str, value: Any = None, allowed: str = "", nearest: str | None = None
    ) -> NoReturn:
        """Reports a fault and gives up on this value.

        Raises:
            Refused: always.
        """
        self.ledger.fault(code, self.path, message, value, allowed, nearest)
        raise Refused
