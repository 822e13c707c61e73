"""The JSON Schemas that the Rust types generate, as shipped with the package."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

__all__ = ["KINDS", "schema"]

KINDS = {
    "config": "config.schema.json",
    "result": "result.schema.json",
    "error": "error.schema.json",
    "codes": "error_codes.json",
}


def schema(kind: str = "config") -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what crosses the boundary.

    ``kind`` is ``config``, ``result``, ``error``, or ``codes`` for the table of error codes by name.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no schema {kind!r}; there are {', '.join(KINDS)}")
    text = resources.files("bt").joinpath("schemas", KINDS[kind]).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
