"""Front matter of an ADR: YAML from any source, read into strict types.

Anchors, aliases, tags, repeated keys, deep nesting and large texts are refused before anything is built from them.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
import yaml

from parity.harness.adr.effects import Change, problem, show

#: Bytes and levels of nesting; the longest front matter has a third of each.
MOST_BYTES, MOST_LEVELS = 32_768, 6
STATUSES = ("proposed", "accepted", "rejected", "superseded")
#: What a switch may affect, here or elsewhere: the first word of each field of its effect, and more.
PARTS = ("error", "trades", "open_positions", "equity", "balance", "fees_total", "metrics")

Status = Literal["proposed", "accepted", "rejected", "superseded"]
Part = Literal["error", "trades", "open_positions", "equity", "balance", "fees_total", "metrics"]


class FrontMatterError(ValueError):
    """Front matter that cannot be read; the message names the key."""


class Front(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every ADR states. ``superseded_by`` is the number of the ADR that takes its place."""

    status: Status
    date: date
    superseded_by: int | None = None


class SwitchFront(Front, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ADR about a switch states. ``witness`` is a case file, relative to the repository."""

    switch: str
    v1: str
    v2: str
    affects: tuple[Part, ...]
    witness: str
    migration: str
    effect: tuple[Change, ...]


def read(text: str) -> Front:
    """The front matter of ``text``, SwitchFront where it names a switch; FrontMatterError names the key at fault."""
    raw = _plain(text)
    kind = SwitchFront if isinstance(raw, dict) and "switch" in raw else Front
    try:
        front: Front = msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise FrontMatterError(_with_key(str(error))) from error
    faults = _faults(front)
    if faults:
        raise FrontMatterError("; ".join(faults))
    return front


def _plain(text: str) -> Any:
    """YAML of plain values only, no key twice."""
    if len(text.encode()) > MOST_BYTES:
        raise FrontMatterError(f"front matter has more than {MOST_BYTES} bytes")
    level = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise FrontMatterError(f"{_line(event)}: anchors, aliases and tags are not allowed")
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            if level > MOST_LEVELS:
                raise FrontMatterError(f"{_line(event)}: more than {MOST_LEVELS} levels of nesting")
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if isinstance(error, FrontMatterError):
            raise
        raise FrontMatterError(f"is no YAML: {' '.join(str(error).split())}") from error


def _line(where: Any) -> str:
    return f"line {where.start_mark.line + 1}"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which takes the last of two equal keys without a word; this one refuses them."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise FrontMatterError(f"{_line(node)}: {', '.join(twice)} stands twice")
        return super().construct_mapping(node, deep)


def _with_key(message: str) -> str:
    """msgspec's message with the key in front: ``effect[0].order: Expected `int | null`, got `str```."""
    text, _, path = message.partition(" - at `$")
    key = path.rstrip("`").lstrip(".")
    return f"{key}: {text}" if key else text


def _faults(front: Front) -> list[str]:
    """What the types cannot say."""
    out = []
    if (front.status == "superseded") != (front.superseded_by is not None):
        out.append("superseded_by: stands with status superseded, and only there")
    if not isinstance(front, SwitchFront):
        return out
    out += [f"{key}: is empty" for key in ("switch", "v1", "v2", "migration") if not getattr(front, key).strip()]
    parts = front.witness.split("/")
    if parts[:2] != ["parity", "cases"] or ".." in parts or "\\" in front.witness or not parts[-1].endswith(".json"):
        out.append("witness: is a case of this repository, such as parity/cases/switch__exit_gap.json")
    if not front.effect:
        out.append("effect: lists nothing")
    seen = set()
    for i, change in enumerate(front.effect):
        if fault := problem(change):
            out.append(f"effect[{i}] ({show(change.place)}): {fault}")
        if change.place in seen:
            out.append(f"effect[{i}]: {show(change.place)} stands twice")
        seen.add(change.place)
    heads = {change.field.partition(".")[0] for change in front.effect}
    missing = [part for part in PARTS if part in heads and part not in front.affects]
    if missing or len(set(front.affects)) != len(front.affects):
        out.append(f"affects: names each part once, those of the effect too; missing: {', '.join(missing) or 'none'}")
    return out
