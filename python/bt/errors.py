"""What can go wrong, as exceptions.

BtError
 +-- ConfigError    the configuration is refused; also a ValueError      (before anything runs)
 +-- BacktestError  the run ended with ``{"ok": false}``                 (files, data, rates)
 +-- InternalError  a panic in the core: our bug; the process stays usable
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["BacktestError", "BtError", "ConfigError", "ConfigIssue", "InternalError"]


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


class BacktestError(BtError):
    """A run that could not go on: ``category``, ``code``, ``name`` and ``details`` of the error JSON."""

    def __init__(self, *, category: str, code: int, name: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(f"[{code} {name}] {message}")
        self.category, self.code, self.name = category, code, name
        self.message, self.details = message, details


class InternalError(BtError):
    """A panic in the core (code 5005) with its message and source line."""

    code = 5005

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"[5005] {message} ({place})" if place else f"[5005] {message}")
        self.message, self.place = message, place

    @classmethod
    def _from_native(cls, message: str, place: str) -> Self:
        return cls(message, place)
