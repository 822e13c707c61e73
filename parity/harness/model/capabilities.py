"""What an engine can do besides running a case: declared, never probed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import inspect

from parity.harness.model.decode import check_unknown
from parity.harness.model.events import Gate

#: Gates that a trace can name: which of them kept the strategy from trading on a bar.
GATES: tuple[str, ...] = tuple(
    value
    for field in inspect.type_info(Gate).fields  # type: ignore[attr-defined]
    if field.name == "gate"
    for value in field.type.values
)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """``events``: it gives a trace. ``switches``: it obeys them. ``indicators``: it can report what its rules compared.

    ``gates`` are those that its trace names, ``unknown`` the fields of an outcome that it does not know.
    """

    events: bool = True
    switches: bool = True
    indicators: bool = False
    gates: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def announced(self, raw: Mapping[str, Any]) -> Capabilities:
        """These, as an engine announces them in its hello: a flag that is false stays so, unknown fields add up.

        Indicators are no part of a hello: the protocol cannot ask for them.

        Raises:
            ValueError: a capability is not known or has the wrong type; the message names it.
        """
        out = self
        for name, value in raw.items():
            if name in ("events", "switches"):
                if not isinstance(value, bool):
                    raise ValueError(f"{name} wants true or false, not {value!r}")
                changed: dict[str, Any] = {name: value and getattr(self, name)}
                out = replace(out, **changed)
            elif name == "gates":
                out = replace(out, gates=frozenset(_names(name, value, GATES)))
            elif name == "unknown":
                out = replace(out, unknown=self.unknown | check_unknown(_names(name, value)))
            else:
                raise ValueError(f"unknown {name}; known: events, switches, gates, unknown")
        return out


def _names(name: str, value: Any, known: Iterable[str] | None = None) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise ValueError(f"{name} wants a list of names, not {value!r}")
    strange = [] if known is None else [x for x in value if x not in set(known)]
    if strange:
        raise ValueError(f"{name}: unknown {', '.join(strange)}; known: {', '.join(known or ())}")
    return value
