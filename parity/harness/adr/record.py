"""ADRs: how one is read, what is wrong with those of a folder, and whether a witness still shows its switch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from parity.harness.adr import effects
from parity.harness.adr.front import Front, FrontMatterError, SwitchFront, read
from parity.harness.model.case import Case
from parity.harness.run.differential import Pair
from parity.harness.run.probe import Probe

REPOSITORY = Path(__file__).resolve().parents[3]
ADR_DIR = REPOSITORY / "ADRs"
#: Pages of the folder that are no decisions: the generated index.
INDEX = "index.md"
SECTIONS = ("Context", "Considered options", "Decision", "Consequences", "Confirmation")
#: Lines that a person writes. The effect, a line for each field, and the generated block do not count: a reader looks
#: figures up there and does not read them through.
LINES = range(20, 46)
OPTIONS = range(2, 5)
#: Bytes of a page; the longest has a fifth of it.
MOST_BYTES = 65_536
#: What drafts hold where a person has to write.
UNWRITTEN = "TO BE WRITTEN"
BLOCK_BEGIN = "<!-- measured: written by `omega-parity adr measure`, not by hand -->"
BLOCK_END = "<!-- end of measured -->"
_BLOCK = re.compile(f"\n{re.escape(BLOCK_BEGIN)}\n.*?\n{re.escape(BLOCK_END)}\n", re.DOTALL)
_NAMED_TEST = re.compile(r"\b(?:tests|parity|ADRs|rust_core|tools)/[\w./-]*\w")


class AdrError(ValueError):
    """An ADR that is not in the required form; the message names the file and the fault, one a line."""


@dataclass(frozen=True, kw_only=True)
class Adr:
    """One decision. ``switch`` is None for those that are not about a switch."""

    path: Path
    number: int
    title: str
    front: Front

    @property
    def switch(self) -> str | None:
        """Name of the switch that the decision is about; None for a decision without one."""
        return self.front.switch if isinstance(self.front, SwitchFront) else None

    @property
    def accepted(self) -> bool:
        """Whether it is in force: a proposed, rejected or superseded one explains nothing."""
        return self.front.status == "accepted"


def without_block(text: str) -> str:
    """A page without what is generated."""
    return _BLOCK.sub("", text)


def read_page(path: Path) -> tuple[Adr, str]:
    """One ADR and its text without the generated block; AdrError when it cannot be read at all."""

    def fault(message: str) -> AdrError:
        return AdrError(f"{path.name}: {message}")

    match = re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", path.name)
    if not match:
        raise fault("is not named NNNN-title.md")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise fault(f"has more than {MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise fault("is not UTF-8") from error
    except OSError as error:
        raise fault(f"cannot be read: {error.strerror}") from error
    if text.count(BLOCK_BEGIN) > 1:
        raise fault("has two generated blocks")
    text = without_block(text)
    waiting = [str(i) for i, line in enumerate(text.splitlines(), 1) if UNWRITTEN in line]
    if waiting:
        raise fault(f"is a draft, and cannot be accepted: {UNWRITTEN} in line {', '.join(waiting)}")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise fault("has no front matter")
    try:
        front = read(parts[1])
    except FrontMatterError as error:
        raise fault(f"front matter: {error}") from error
    title = next((line[2:] for line in parts[2].splitlines() if line.startswith("# ")), "")
    return Adr(path=path, number=int(match[1]), title=title.partition(". ")[2], front=front), text


def load(path: Path) -> Adr:
    """Reads one ADR; AdrError when its form is wrong."""
    decision, text = read_page(path)
    found = _form(decision, text)
    if found:
        raise AdrError("\n".join(f"{path.name}: {fault}" for fault in found))
    return decision


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {name.strip(): body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _form(decision: Adr, text: str) -> list[str]:
    """What is wrong with a page that can be read."""
    out = []
    if not re.search(rf"^# {decision.number:04}\. \S", text, re.MULTILINE):
        out.append(f"its title must begin with # {decision.number:04}.")
    sections = _sections(text)
    if tuple(sections) != SECTIONS:
        return [*out, f"its sections are {', '.join(sections) or 'missing'}; wanted: {', '.join(SECTIONS)}"]
    out += [f"section {name} is empty" for name, body in sections.items() if not body]
    options = len(re.findall(r"^\* ", sections["Considered options"], re.MULTILINE))
    if options not in OPTIONS:
        out.append(f"Considered options has {options} entries (* ...), 2 to 4 are wanted")
    out += [f"Consequences lacks {word}" for word in ("Good:", "Bad:") if word not in sections["Consequences"]]
    lines = [line for line in text.splitlines() if not line.startswith("  - {field: ")]
    if len(lines) not in LINES:
        out.append(f"has {len(lines)} lines, {LINES.start} to {LINES.stop - 1} are wanted")
    if decision.front.date > datetime.now(UTC).date():
        out.append(f"date: {decision.front.date} lies in the future")
    return out + _missing_files(decision, sections["Confirmation"])


def _missing_files(decision: Adr, confirmation: str) -> list[str]:
    """Files that an accepted ADR relies on and that are not there. What is proposed may name what is not built yet."""
    if decision.front.status != "accepted":
        return []
    named = _NAMED_TEST.findall(confirmation)
    out = [f"Confirmation names {name}, which does not exist" for name in named if not (REPOSITORY / name).exists()]
    if not named and "cargo test" not in confirmation:
        out.append("Confirmation names no test")
    if isinstance(decision.front, SwitchFront) and not (REPOSITORY / decision.front.witness).is_file():
        out.append(f"witness: {decision.front.witness} does not exist")
    return out


def pages(folder: Path) -> list[Path]:
    """The files of a folder that ought to be ADRs, in order."""
    return [path for path in sorted(folder.glob("*.md")) if path.name != INDEX]


def examine(folder: Path = ADR_DIR) -> tuple[list[Adr], list[str]]:
    """All ADRs of a folder that can be read, and everything that is wrong with any of them."""
    adrs, out = [], []
    for path in pages(folder):
        try:
            decision, text = read_page(path)
        except AdrError as error:
            out.append(str(error))
            continue
        adrs.append(decision)
        out += [f"{path.name}: {fault}" for fault in _form(decision, text)]
    if not adrs and not out:
        out.append(f"no ADR in {folder}")
    by_number: dict[int, Adr] = {}
    for decision in adrs:
        if decision.number in by_number:
            out.append(f"{decision.path.name}: {by_number[decision.number].path.name} has the same number")
        by_number[decision.number] = decision
    for decision in adrs:
        successor = by_number.get(decision.front.superseded_by or -1)
        if decision.front.superseded_by is not None and (
            successor is None or not successor.accepted or successor.switch != decision.switch
        ):
            out.append(f"{decision.path.name}: superseded_by: no accepted ADR of that number about the same thing")
    return adrs, out


def lint(folder: Path = ADR_DIR, switches: Sequence[str] | None = None) -> list[str]:
    """Everything that is wrong with the ADRs of a folder, a line each; with ``switches`` also which lack one."""
    adrs, out = examine(folder)
    return out + (unmatched(adrs, switches) if switches is not None else [])


def load_all(folder: Path = ADR_DIR) -> list[Adr]:
    """All ADRs in order; AdrError, with every fault, when something is wrong with them."""
    adrs, out = examine(folder)
    if out:
        raise AdrError("\n".join(out))
    return adrs


def by_switch(adrs: Sequence[Adr]) -> dict[str, Adr]:
    """The accepted ADR of each switch that has one."""
    return {decision.switch: decision for decision in adrs if decision.switch and decision.accepted}


def unmatched(adrs: Sequence[Adr], switches: Sequence[str]) -> list[str]:
    """Switches without exactly one accepted ADR, and ADRs about a switch that does not exist."""
    out = []
    for name in switches:
        count = sum(adr.switch == name and adr.accepted for adr in adrs)
        if count != 1:
            out.append(f"switch {name} has {count} accepted ADRs")
    out += [
        f"{a.path.name} is about an unknown switch {a.switch}" for a in adrs if a.switch and a.switch not in switches
    ]
    return out


class CannotJudgeError(Exception):
    """A witness that an engine gives no answer to, or that cannot be read: the ADR is neither held nor refuted."""


def witness(decision: Adr) -> Case:
    """The case that shows the switch; CannotJudgeError when the file is none."""
    if not isinstance(decision.front, SwitchFront):
        raise AdrError(f"{decision.path.name}: is about no switch")
    try:
        return Case.load(REPOSITORY / decision.front.witness)
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise CannotJudgeError(f"{decision.front.witness} is not a case file: {error}") from error


def check(decision: Adr, pair: Pair) -> str | None:
    """Why an ADR does not hold, a line for each field, or None. CannotJudgeError when its witness cannot run."""
    case = witness(decision)
    assert isinstance(decision.front, SwitchFront)
    switch = decision.front.switch
    probe = Probe(pair, pair.prepare(case))
    for at_v2 in ((), (switch,)):
        if failure := probe.failure(at_v2):
            raise CannotJudgeError(failure)
    if not probe.equal_at_v1():
        return "the witness differs with every switch at v1"
    found = probe.differences(switch)
    if not found:
        return f"the witness no longer shows {switch}"
    try:
        return "\n".join(effects.faults(decision.front.effect, found)) or None
    except ValueError as error:
        return str(error)
