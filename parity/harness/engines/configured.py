"""Which two engines are compared: V1 and V2, or those that an ``engines.toml`` names.

Everything that can be wrong with such a file is found before the first case runs.
"""

from __future__ import annotations

import importlib
import math
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parity.harness.engines import containment
from parity.harness.engines.callable import CallableEngine
from parity.harness.engines.process import ProcessEngine
from parity.harness.engines.v1 import V1Engine
from parity.harness.engines.v2 import MEMORY_MB, V2Engine, V2InProcess
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.decode import check_unknown
from parity.harness.model.limits import EVERYTHING, Limits

if TYPE_CHECKING:
    from parity.harness.engines import Engine

ROLES = ("reference", "candidate")
#: Names that only engines of ours have.
BUILTIN = {"v1": "V1", "v2": "V2", "reference": "reference"}
#: Key -> the kinds of engines that may have it.
KEYS: Mapping[str, tuple[str, ...]] = {
    "name": ("builtin", "command", "callable"),
    "builtin": ("builtin",),
    "command": ("command",),
    "callable": ("callable",),
    "timeout": ("builtin", "command"),
    "memory_mb": ("builtin", "command"),
    "in_process": ("builtin",),
    "events": ("command", "callable"),
    "unknown": ("command", "callable"),
    "limits": ("builtin", "command", "callable"),
}
LONGEST_NAME, LONGEST_TIMEOUT, MOST_MEMORY = 40, 86_400, 1 << 30


class EnginesError(ValueError):
    """An ``engines.toml`` that names no usable pair; the message names file and key."""


def configured(path: Path | None, *, timeout: float = 60.0, v2_in_process: bool = False) -> tuple[Engine, Engine]:
    """Reference and candidate; ``timeout`` (seconds) is for engines whose table names none.

    ``v2_in_process`` runs V2 in this process, for profiling.

    Raises:
        EnginesError: the file is missing, not TOML, or a key of it cannot be used.
    """
    if path is None:
        return V1Engine(timeout=timeout), V2InProcess() if v2_in_process else V2Engine(timeout=timeout)
    a, b = (_Table(path, role, raw).engine(timeout, v2_in_process) for role, raw in _read(path).items())
    if a.name.casefold() == b.name.casefold():
        raise EnginesError(f"{path}: both engines are called {a.name}: give one of them another name")
    return a, b


def limits(path: Path | None) -> Limits:
    """What both engines can do: the generators draw nothing else.

    Raises:
        EnginesError: a limit is unknown, has the wrong type, or nothing is left to be drawn.
    """
    allowed = EVERYTHING
    if path is None:
        return allowed
    for role, raw in _read(path).items():
        own = raw.get("limits", {})
        if not isinstance(own, dict):
            raise EnginesError(f"{path}: {role}.limits wants a table, not {_shown(own)}")
        try:
            allowed = allowed.narrowed(own)
        except ValueError as error:
            raise EnginesError(f"{path}: {role}.limits: {error}") from error
    return allowed


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The two tables, reference first."""
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise EnginesError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EnginesError(f"{path}: not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}") from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise EnginesError(f"{path}: not TOML: {error}") from error
    missing = [role for role in ROLES if not isinstance(raw.get(role), dict)]
    if missing:
        raise EnginesError(f"{path}: no table [{missing[0]}]; an engines.toml has [reference] and [candidate]")
    unknown = sorted(set(raw) - set(ROLES))
    if unknown:
        raise EnginesError(f"{path}: unknown {', '.join(unknown)}; an engines.toml has [reference] and [candidate]")
    return {role: raw[role] for role in ROLES}


@dataclass(frozen=True)
class _Table:
    """One engine's table; every method raises EnginesError for what it cannot use."""

    path: Path
    role: str
    raw: Mapping[str, Any]

    def engine(self, timeout: float, v2_in_process: bool) -> Engine:
        kind = self._kind()
        name, seconds, memory = self._name(kind), self._timeout(timeout), self._memory()
        if kind == "builtin":
            builtin = self.raw["builtin"]
            if self._flag("in_process", v2_in_process and builtin == "v2"):
                if builtin != "v2":
                    raise self._error("in_process", "only V2 can run in this process")
                return V2InProcess(name=name)
            return (V1Engine if builtin == "v1" else V2Engine)(
                name=name, timeout=seconds, memory_mb=memory or MEMORY_MB
            )
        can = Capabilities(events=self._flag("events", True), unknown=self._unknown())
        if kind == "callable":
            return CallableEngine(name, self._function(), capabilities=can)
        # Commands run in the folder of the file that names them.
        folder = self.path.resolve().parent
        return ProcessEngine(
            name, self._command(folder), timeout=seconds, cwd=folder, memory_mb=memory, capabilities=can
        )

    def _error(self, key: str, words: str) -> EnginesError:
        return EnginesError(f"{self.path}: {self.role}{'.' if key else ''}{key}: {words}")

    def _kind(self) -> str:
        unknown = sorted(set(self.raw) - set(KEYS))
        if unknown:
            raise self._error("", f"unknown {', '.join(unknown)}; known: {', '.join(sorted(KEYS))}")
        kinds = [kind for kind in ("builtin", "command", "callable") if kind in self.raw]
        if len(kinds) != 1:
            raise self._error("", f"wants exactly one of builtin, command and callable, and has {len(kinds)}")
        for key in self.raw:
            if kinds[0] not in KEYS[key]:
                raise self._error(key, f"an engine with {kinds[0]} has no such key")
        if kinds[0] == "builtin" and self.raw["builtin"] not in ("v1", "v2"):
            raise self._error("builtin", f"{_shown(self.raw['builtin'])} is none of v1, v2")
        return kinds[0]

    def _name(self, kind: str) -> str:
        own = BUILTIN[self.raw["builtin"]] if kind == "builtin" else f"{self.role} engine"
        name = self.raw.get("name", own)
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise self._error("name", f"{_shown(name)} is not a name of 1 to {LONGEST_NAME} printable characters")
        if name.casefold() in BUILTIN and name.casefold() != own.casefold():
            raise self._error("name", f"{name} is the name of an engine of the suite: choose another one")
        return name.strip()

    def _number(self, key: str, default: float, most: float) -> float:
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            raise self._error(key, f"{_shown(value)} is not a number above 0 and at most {most}")
        return value

    def _timeout(self, default: float) -> float:
        return float(self._number("timeout", default, LONGEST_TIMEOUT))

    def _memory(self) -> int | None:
        if "memory_mb" not in self.raw:
            return None
        if not isinstance(self.raw["memory_mb"], int):
            raise self._error("memory_mb", f"{_shown(self.raw['memory_mb'])} is not a whole number of MiB")
        if not containment.CAN_LIMIT:
            raise self._error("memory_mb", "this system cannot limit the memory of a process: leave it out")
        return int(self._number("memory_mb", 0, MOST_MEMORY))

    def _flag(self, key: str, default: bool) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            raise self._error(key, f"{_shown(value)} is not true or false")
        return value

    def _unknown(self) -> frozenset[str]:
        value = self.raw.get("unknown", [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self._error("unknown", f"wants a list of fields, not {_shown(value)}")
        try:
            return check_unknown(value)
        except ValueError as error:
            raise self._error("unknown", str(error)) from error

    def _command(self, folder: Path) -> list[str]:
        words = self.raw["command"]
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise self._error("command", f"wants a list of words, not {_shown(words)}")
        if any("\0" in word for word in words) or not words[0]:
            raise self._error("command", f"{_shown(words)} cannot be a command")
        # "python" is the interpreter of the suite.
        if words[0] == "python":
            return [sys.executable, *words[1:]]
        # With a slash it is a path from the folder, without one a program on the PATH.
        program = folder / words[0] if os.sep in words[0] else shutil.which(words[0])
        if program is None or not Path(program).is_file():
            raise self._error("command", f"there is no program {words[0]}")
        if not os.access(program, os.X_OK):
            raise self._error("command", f"{words[0]} is not executable")
        return words

    def _function(self) -> Callable[[dict[str, Any]], Mapping[str, Any]]:
        target = self.raw["callable"]
        module, colon, attribute = target.partition(":") if isinstance(target, str) else ("", "", "")
        if not (module and colon and attribute):
            raise self._error("callable", f"{_shown(target)} is not module:function")
        # A module beside the file can be named as it is.
        folder = str(self.path.resolve().parent)
        sys.path.insert(0, folder)
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
            raise self._error("callable", f"{target!r} is not module:function ({error!r})") from error
        finally:
            if folder in sys.path:
                sys.path.remove(folder)
        if not callable(found):
            raise self._error("callable", f"{target!r} is not a function but {type(found).__name__}")
        function: Callable[[dict[str, Any]], Mapping[str, Any]] = found
        return function


def _shown(value: Any) -> str:
    """A value of TOML, cut short."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


__all__ = ["EnginesError", "configured", "limits"]
