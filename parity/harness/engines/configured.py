"""Which two engines are compared: V1 and V2, or those that an ``engines.toml`` names."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parity.harness.engines.callable import CallableEngine
from parity.harness.engines.process import ProcessEngine
from parity.harness.engines.v1 import V1Engine
from parity.harness.engines.v2 import V2Engine

if TYPE_CHECKING:
    from parity.harness.engines import Engine

ROLES = ("reference", "candidate")
LIMITS = ("strategies", "symbols", "timeframes", "oddities")
KEYS = {"name", "builtin", "command", "callable", "timeout", "limits"}
BUILTIN = ("v1", "v2")


class EnginesError(ValueError):
    """An ``engines.toml`` that names no usable pair; the message names file and key."""


def configured(path: Path | None, *, timeout: float = 60.0) -> tuple[Engine, Engine]:
    """Reference and candidate.

    Raises:
        EnginesError: the file is missing, not TOML, or a key of it cannot be used.
    """
    if path is None:
        return V1Engine(timeout=timeout), V2Engine()
    raw = _read(path)
    a, b = (_engine(path, role, raw.get(role), timeout) for role in ROLES)
    return a, b


def limits(path: Path | None) -> list[dict[str, Any]]:
    """What each engine says it can do; the generators draw nothing else."""
    if path is None:
        return []
    raw = _read(path)
    out = [raw[role].get("limits", {}) for role in ROLES]
    for role, allowed in zip(ROLES, out, strict=True):
        unknown = set(allowed) - set(LIMITS)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise EnginesError(f"{path}: {role}.limits: unknown {names}; known: {', '.join(LIMITS)}")
    return out


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EnginesError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise EnginesError(f"{path}: {error}") from error
    missing = [role for role in ROLES if not isinstance(raw.get(role), dict)]
    if missing:
        raise EnginesError(f"{path}: no table [{missing[0]}]; an engines.toml has [reference] and [candidate]")
    return raw


def _engine(path: Path, role: str, raw: Any, timeout: float) -> Engine:
    unknown = set(raw) - KEYS
    if unknown:
        raise EnginesError(f"{path}: {role}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(KEYS))}")
    kinds = [kind for kind in ("builtin", "command", "callable") if kind in raw]
    if len(kinds) != 1:
        raise EnginesError(f"{path}: {role} wants exactly one of builtin, command and callable, and has {len(kinds)}")
    name, seconds = str(raw.get("name", role)), float(raw.get("timeout", timeout))
    if "builtin" in raw:
        if raw["builtin"] not in BUILTIN:
            raise EnginesError(f"{path}: {role}.builtin: {raw['builtin']!r} is none of {', '.join(BUILTIN)}")
        return V1Engine(timeout=seconds) if raw["builtin"] == "v1" else V2Engine()
    if "command" in raw:
        return _process(path, role, name, raw["command"], seconds)
    return CallableEngine(name, _function(path, role, str(raw["callable"])))


def _process(path: Path, role: str, name: str, command: Any, timeout: float) -> ProcessEngine:
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise EnginesError(f"{path}: {role}.command wants a list of words, not {command!r}")
    # "python" is the interpreter of the suite; commands run in the folder of the file that names them.
    words = [sys.executable if word == "python" and i == 0 else word for i, word in enumerate(command)]
    return ProcessEngine(name, words, timeout=timeout, cwd=path.resolve().parent)


def _function(path: Path, role: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    # A module beside the file can be named as it is.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise EnginesError(f"{path}: {role}.callable: {target!r} is not module:function ({error})") from error
    finally:
        sys.path.pop(0)


__all__ = ["EnginesError", "configured", "limits"]
