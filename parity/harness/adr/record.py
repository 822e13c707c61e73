"""ADRs that run: front matter, witness and expected effect (spec 10.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from parity.harness.model.case import Case
from parity.harness.oracle.compare import Difference

if TYPE_CHECKING:
    from parity.harness.run.differential import Pair

REPOSITORY = Path(__file__).resolve().parents[3]
ADR_DIR = REPOSITORY / "ADRs"
_REQUIRED = ("status", "date", "switch", "v1", "v2", "affects", "witness", "effect", "migration")
_SECTIONS = ("## Context", "## Decision", "## Consequences", "## Confirmation")
_SIGNS = ("+", "-", "appears", "disappears", "refused", "other")
_LINES = range(20, 46)
#: What drafts hold where a person has to write.
UNWRITTEN = "TO BE WRITTEN"


class AdrError(ValueError):
    """An ADR that is not in the required form; the message names the file and the fault."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What the witness must show: a path of a difference, the direction of the change and its size."""

    path: str
    sign: str
    size: float

    def shown_by(self, differences: Sequence[Difference]) -> str | None:
        """Why the differences are not this effect; None when they are."""
        found = next((d for d in differences if d.path == self.path), None)
        if found is None:
            return f"{self.path} does not differ; what does: {[d.path for d in differences[:5]]}"
        if self.sign in ("appears", "disappears"):
            want_none = found.a if self.sign == "appears" else found.b
            return None if want_none is None else f"{self.path} is in both answers"
        if self.sign == "refused":
            return None if found.b == self.size else f"refused with {found.b}, not {self.size:g}"
        if self.sign == "other":
            return None
        change = found.b - found.a
        if (change > 0) != (self.sign == "+"):
            return f"{self.path} changes by {change:g}, the sign should be {self.sign}"
        if abs(abs(change) - self.size) > 1e-9 * self.size:
            return f"{self.path} changes by {abs(change)!r}, the ADR says {self.size!r}"
        return None


@dataclass(frozen=True, kw_only=True)
class Adr:
    """One decision. ``switch`` is None for those that are not about a switch."""

    path: Path
    number: int
    title: str
    switch: str | None
    front: dict[str, Any]
    effect: Effect | None

    def witness(self) -> Case:
        """The case that shows the switch."""
        return Case.load(REPOSITORY / self.front["witness"])


def _fault(path: Path, message: str) -> AdrError:
    return AdrError(f"{path.name}: {message}")


def load(path: Path) -> Adr:
    """Reads one ADR; AdrError when its form is wrong."""
    match = re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", path.name)
    if not match:
        raise _fault(path, "is not named NNNN-title.md")
    text = path.read_text(encoding="utf-8")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise _fault(path, "has no front matter")
    front, body = yaml.safe_load(parts[1]), parts[2]
    if UNWRITTEN in text:
        raise _fault(path, f"is a draft: something in it is still {UNWRITTEN}")
    title = next((line[2:] for line in body.splitlines() if line.startswith("# ")), "")
    missing = [section for section in _SECTIONS if section not in body]
    if not title or missing:
        raise _fault(path, f"lacks {', '.join(missing) or 'a title'}")
    effect = None
    if "switch" in front:
        effect = _effect(path, front)
        lines = len(text.splitlines())
        if lines not in _LINES:
            raise _fault(path, f"has {lines} lines, {_LINES.start} to {_LINES.stop - 1} are wanted")
    return Adr(path=path, number=int(match[1]), title=title, switch=front.get("switch"), front=front, effect=effect)


def _effect(path: Path, front: dict[str, Any]) -> Effect:
    absent = [key for key in _REQUIRED if front.get(key) in (None, "", [])]
    if absent:
        raise _fault(path, f"front matter lacks {', '.join(absent)}")
    effect = Effect(**front["effect"])
    if effect.sign not in _SIGNS:
        raise _fault(path, f"effect.sign must be one of {_SIGNS}")
    if not any(effect.path.split("[")[0].split(".")[0] in str(f) or str(f) in effect.path for f in front["affects"]):
        raise _fault(path, f"effect.path {effect.path} is not among what it affects")
    return effect


def load_all(folder: Path = ADR_DIR) -> list[Adr]:
    """All ADRs in order; AdrError when there are none or numbers repeat."""
    adrs = [load(path) for path in sorted(folder.glob("*.md")) if path.name != "README.md"]
    if not adrs:
        raise AdrError(f"no ADR in {folder}")
    numbers = [adr.number for adr in adrs]
    if len(set(numbers)) != len(numbers):
        raise AdrError("two ADRs have the same number")
    return adrs


def check(decision: Adr, pair: Pair) -> str | None:
    """Runs a witness; why the ADR does not hold, or None."""
    if decision.switch is None or decision.effect is None:
        raise AdrError(f"{decision.path.name} is about no switch")
    prepared = pair.prepare(decision.witness())
    reference = pair.reference(prepared)
    if reference.failure is not None:
        return reference.failure
    if pair.differences(reference, pair.candidate(prepared, {})):
        return "the witness differs with every switch at v1"
    other = pair.differences(reference, pair.candidate(prepared, {decision.switch: "v2"}), parity=False)
    if not other:
        return f"the witness no longer shows {decision.switch}"
    return decision.effect.shown_by(other)


def unmatched(adrs: Sequence[Adr], switches: Sequence[str]) -> list[str]:
    """Switches without exactly one ADR, and ADRs without a switch that exists."""
    out = []
    for name in switches:
        count = sum(adr.switch == name and adr.front["status"] != "superseded" for adr in adrs)
        if count != 1:
            out.append(f"switch {name} has {count} ADRs")
    out += [
        f"{a.path.name} is about an unknown switch {a.switch}" for a in adrs if a.switch and a.switch not in switches
    ]
    return out
