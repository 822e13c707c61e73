"""What can go wrong, as exceptions.

BtError
 +-- ConfigError     the configuration is refused; also a ValueError      (before anything runs)
 +-- MigrationError  a V1 configuration is refused; also a ValueError     (before anything is written)
 +-- BacktestError   the run ended with ``{"ok": false}``                 (files, data, rates)
 +-- InternalError   a panic in the core: our bug; the process stays usable

All of them survive pickling, so that they cross the processes of a pool.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["BacktestError", "BtError", "ConfigError", "ConfigIssue", "InternalError", "MigrationError"]

#: Faults that a message shows; ``issues`` holds all.
SHOWN = 40


class BtError(Exception):
    """Base of everything ``bt`` raises; ``code`` is one of the documented error codes."""

    code: int = 4000


@dataclass(frozen=True, kw_only=True)
class ConfigIssue:
    """One fault of a configuration."""

    code: int
    path: str
    message: str
    value: Any = None
    allowed: str | None = None
    nearest: str | None = None


class ConfigError(BtError, ValueError):
    """The configuration is refused. ``issues`` holds every fault; ``code`` and ``path`` are the first one's."""

    def __init__(self, message: str, issues: tuple[ConfigIssue, ...] = ()) -> None:
        super().__init__(message)
        self.issues = issues
        self.code = issues[0].code if issues else 1000
        self.path = issues[0].path if issues else ""

    @classmethod
    def _from_native(cls, message: str, issues_json: str) -> Self:
        return cls(message, tuple(ConfigIssue(**issue) for issue in json.loads(issues_json)))


class MigrationError(BtError, ValueError):
    """A V1 configuration cannot be migrated. ``issues`` holds every fault, paths lead into the V1 configuration.

    ``code``, ``path``, ``value`` and ``allowed`` are the first fault's; values are short and plain.
    """

    def __init__(self, issues: tuple[ConfigIssue, ...]) -> None:
        lines = [_line(issue) for issue in issues[:SHOWN]]
        if len(issues) > SHOWN:
            lines.append(f"... and {len(issues) - SHOWN} more")
        head = [f"{len(issues)} faults in the V1 config:"] if len(issues) > 1 else []
        super().__init__("\n".join([*head, *lines]))
        self.issues = issues
        first = issues[0] if issues else ConfigIssue(code=1000, path="", message="")
        self.code, self.path, self.value, self.allowed = first.code, first.path, first.value, first.allowed

    @property
    def key(self) -> str:
        """The same as ``path``."""
        return self.path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.issues,)


def _line(issue: ConfigIssue) -> str:
    got = "" if issue.value is None else f", got {json.dumps(issue.value)}"
    allowed = f"; allowed: {issue.allowed}" if issue.allowed else ""
    nearest = f"; did you mean {issue.nearest}?" if issue.nearest else ""
    return f"[{issue.code}] {issue.path or 'config'}: {issue.message}{got}{allowed}{nearest}"


class BacktestError(BtError):
    """A run that could not go on: ``category``, ``code``, ``name`` and ``details`` of the error JSON."""

    def __init__(self, *, category: str, code: int, name: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(f"[{code} {name}] {message}")
        self.category, self.code, self.name = category, code, name
        self.message, self.details = message, details

    def __reduce__(self) -> tuple[Any, ...]:
        known = {name: getattr(self, name) for name in ("category", "code", "name", "message", "details")}
        return _backtest_error, (type(self), known)


def _backtest_error(kind: type[BacktestError], known: dict[str, Any]) -> BacktestError:
    return kind(**known)


class InternalError(BtError):
    """A panic in the core (code 5005) with its message and source line."""

    code = 5005

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"[5005] {message} ({place})" if place else f"[5005] {message}")
        self.message, self.place = message, place

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.place)

    @classmethod
    def _from_native(cls, message: str, place: str) -> Self:
        return cls(message, place)
