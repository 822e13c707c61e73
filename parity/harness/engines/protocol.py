"""The protocol for those who write engines, as one Markdown document made from the types that the suite decodes.

``python -m parity.harness.engines.protocol [FILE]`` writes it, to ``docs/engine-protocol.md`` if no file is named.
"""

from __future__ import annotations

import inspect as introspect
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from parity.harness.engines import channel, wire
from parity.harness.engines import protocol_words as words
from parity.harness.engines.configured import KEYS
from parity.harness.model.capabilities import GATES
from parity.harness.model.decode import UNKNOWABLE
from parity.harness.model.events import EVENTS
from parity.harness.model.limits import EVERYTHING, MEANINGS
from parity.harness.model.outcome import OpenPosition, Outcome, Refusal, Trade

PLACE = Path(__file__).resolve().parents[3] / "docs" / "engine-protocol.md"
COMMAND = "python -m parity.harness.engines.protocol"


def document() -> str:
    """The whole document, with a newline at its end."""
    import bt

    codes = bt.schema("codes")
    parts = [
        words.HEAD.format(command=COMMAND, protocol=wire.PROTOCOL),
        "## Hello", words.HELLO, _table(("key", "type", ""), words.HELLO_KEYS),
        "Capabilities:", _table(("capability", "type", ""), words.CAPABILITIES),
        "## Request", words.REQUEST, _table(("key", "type", ""), words.REQUEST_KEYS),
        "## Reply", words.REPLY, _table(("key", "type", ""), words.REPLY_KEYS),
        "## Outcome", words.OUTCOME, _table(("key", "type", ""), _outcome_keys()),
        "### A trade", _words_of(Trade), words.TRADES, _fields(Trade, "trades"),
        "### An open position", _words_of(OpenPosition), words.OPEN_POSITIONS, _fields(OpenPosition, "open_positions"),
        "### The equity curve", words.EQUITY,
        "### Metrics", words.METRICS, _table(("metric", "type", "decimals", ""), words.METRIC_ROWS),
        "## Trace", words.TRACE, *(part for kind in EVENTS for part in _event(kind)),
        "## Refusal", _words_of(Refusal), words.REFUSAL, _fields(Refusal),
        words.REFUSALS_MET, _table(("code", "category", "where a case meets it"), words.MET),
        words.CODES, ", ".join(f"{code} {name}" for name, code in sorted(codes.items(), key=lambda row: row[1])),
        "## What an engine does not know", words.UNKNOWN, ", ".join(f"`{name}`" for name in sorted(UNKNOWABLE)),
        "## What an engine cannot do", words.LIMITS, _table(("limit", "values", ""), _limits()),
        "## engines.toml", words.TOML, _table(("key", "for", ""), _keys()),
        "## Bounds", words.BOUNDS, _table(("what", "bound"), _bounds()),
        "## What costs a verdict", words.FAILURES,
        "## Engines without ids", words.WITHOUT_IDS.format(settles=wire.SETTLES),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _words_of(struct: type) -> str:
    return " ".join(introspect.cleandoc(struct.__doc__ or "").replace("``", "`").split())


def _fields(struct: type[msgspec.Struct], group: str | None = None) -> str:
    """A table of the fields of a row."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    titles = ("field", "type", "may be unknown") if group else ("field", "type")
    tag = [("`event`", f'`"{info.tag}"`')] if info.tag_field else []
    rows: list[list[str]] = [list(row) for row in tag]
    for field in info.fields:
        row = [f"`{field.name}`", _type(field.type)]
        rows.append([*row, *(["yes" if f"{group}.{field.name}" in UNKNOWABLE else "no"] if group else [])])
    return _table(titles, rows)


def _type(kind: inspect.Type) -> str:
    """A type in the words of JSON."""
    if isinstance(kind, inspect.UnionType):
        several = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        null = ["null"] * (len(several) < len(kind.types))
        return " or ".join([*(_type(one) for one in several), *null])
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f'`"{value}"`' for value in kind.values)
    if isinstance(kind, inspect.CustomType):
        return "left out"
    return {
        inspect.IntType: "whole number",
        inspect.FloatType: "number",
        inspect.StrType: "text",
        inspect.BoolType: "boolean",
        inspect.NoneType: "null",
    }[type(kind)]


def _outcome_keys() -> list[tuple[str, str, str]]:
    info = inspect.type_info(Outcome)
    assert isinstance(info, inspect.StructType)
    return [(f"`{field.name}`", *words.OUTCOME_KEYS[field.name]) for field in info.fields]


def _event(kind: type[msgspec.Struct]) -> list[str]:
    """Heading, words and fields of one kind of event."""
    config = kind.__struct_config__
    return [f"### `{config.tag}`", _words_of(kind), _fields(kind)]


def _limits() -> list[tuple[str, str, str]]:
    def values(name: str) -> str:
        if name in ("news", "spellings"):
            return "true, false"
        known: tuple[Any, ...] = getattr(EVERYTHING, name)
        if name == "timeframes":
            known = tuple(dict.fromkeys((*EVERYTHING.timeframes, *EVERYTHING.higher_timeframes)))
        return ", ".join(f"`{value}`" for value in known)

    return [(f"`{name}`", values(name), meaning) for name, meaning in MEANINGS.items()]


def _keys() -> list[tuple[str, str, str]]:
    return [(f"`{key}`", ", ".join(kinds), words.TOML_KEYS[key]) for key, kinds in KEYS.items()]


def _bounds() -> list[tuple[str, str]]:
    return [
        ("a line of an engine", f"{channel.LONGEST_LINE >> 20} MiB"),
        ("error output that is kept", f"the last {channel.KEPT_ERRORS >> 10} KiB; the rest is read and forgotten"),
        ("time", "`timeout` seconds for sending, running and receiving together, the start of the process included"),
        ("memory", "`memory_mb` MiB of address space, where the system can limit it"),
        ("a whole number", "64 bits with a sign"),
        ("a number", "a finite double, written with a decimal point or an exponent; the sign of zero counts"),
        ("gates that a trace can name", ", ".join(f"`{gate}`" for gate in GATES)),
    ]


def main(place: Path = PLACE) -> None:
    """Writes the document."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(document(), encoding="utf-8")
    print(f"wrote {place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
