"""Runs recorded cases through both engines: the recording is the third answer, and each engine has to give it.

A difference is a finding: which engines differ, in what, on which case, and on which bar first. Where the engines
differ from one another as well, the campaign minimises that; a recording cannot be asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from parity.harness.model import provenance
from parity.harness.model.outcome import Answer
from parity.harness.model.printable import printable
from parity.harness.model.recorded import Recording, RecordingError
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.fingerprint import Fingerprint, fingerprint
from parity.harness.oracle.recording import RECORDING, against
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.run.differential import Examined
from parity.harness.run.prefetch import prefetched
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.narrate import Side, Sides, narrate

#: Findings that are described in full; the others are counted and name their first case.
MOST_TOLD = 6
#: Which engines differ, and how each of them does.
Kind = tuple[tuple[str, Fingerprint], ...]


@dataclass
class Differing:
    """One way in which engines differ from recordings: the first case that showed it, how many do, what to say."""

    first: Recording
    count: int = 1
    path: Path | None = None
    text: str = ""


@dataclass
class RecordedCampaign:
    """``examine`` each recording; ``findings`` afterwards."""

    campaign: Campaign
    #: Kinds that were described before, and where: they are counted and not described again.
    told: dict[Kind, str] = field(default_factory=dict)
    kinds: dict[Kind, Differing] = field(default_factory=dict)

    def prefetched(self, recordings: Iterable[Recording]) -> Iterator[Recording]:
        """The recordings; a thread reads the next and writes its files while the engines work on this one.

        Raises:
            RecordingError: a recording cannot be read, or its files cannot be written.
        """

        def draw(emit: Callable[[Recording], None]) -> None:
            for recording in recordings:
                try:
                    self.campaign.pair.prefetch(recording.case)
                except ValueError as error:  # texts of the case that are no file name, no time, no price
                    raise RecordingError(f"{recording.place}: case: {printable(str(error))[:400]}") from error
                emit(recording)

        return prefetched(draw)

    def examine(self, recording: Recording) -> CaseReport:
        """Judges both engines by a recording."""
        examined = self.campaign.examine(recording.case)
        if recording.gates:
            examined = self._with_gates(examined)
        if examined.report.verdict is Verdict.INCOMPARABLE:
            return examined.report
        found: list[tuple[str, Fingerprint, list[Difference]]] = []
        for name, answer in zip(self.campaign.pair.names, (examined.a, examined.b), strict=True):
            differences = self._differences(recording, answer, name)
            kind = fingerprint(recording.answer, answer, differences, names=(RECORDING, name))
            if kind is not None:
                found.append((name, kind, differences))
        if not found:
            return replace(examined.report, verdict=Verdict.MATCH, differences=(), reason="")
        self._remember(recording, examined, found)
        who = " and ".join(name for name, _, _ in found)
        reason = f"{recording.place}: {who} {'differs' if len(found) == 1 else 'differ'} from {RECORDING}"
        return replace(examined.report, verdict=Verdict.UNEXPLAINED, differences=tuple(found[0][2]), reason=reason)

    def _differences(self, recording: Recording, answer: Answer, name: str) -> list[Difference]:
        tolerances = self.campaign.pair.tolerances
        return against(recording.answer, answer, tolerances, gates=recording.gates, names=(RECORDING, name))

    def _with_gates(self, examined: Examined) -> Examined:
        """Both answers once more, with the gates that the recording has, too."""
        pair = self.campaign.pair
        prepared = pair.prepare(examined.case)
        a = pair.reference(prepared, events=True, gates=True)
        b = pair.candidate(prepared, {}, events=True, gates=True)
        return replace(examined, a=a if a.outcome else examined.a, b=b if b.outcome else examined.b)

    def _remember(
        self, recording: Recording, examined: Examined, found: list[tuple[str, Fingerprint, list[Difference]]]
    ) -> None:
        kind: Kind = tuple((name, how) for name, how, _ in found)
        known = self.kinds.get(kind)
        if known is not None:
            known.count += 1
            return
        new = self.kinds[kind] = Differing(recording)
        if kind in self.told or len(self.kinds) > MOST_TOLD:
            return
        self.told[kind] = recording.place
        new.path = recording.case.save(self.campaign.folder)
        told: list[str] = []
        for name, _, differences in found:
            answer = examined.a if name == self.campaign.pair.names[0] else examined.b
            told.append(self._told(recording, name, answer, differences, brief=bool(told)))
        new.text = "\n".join(told)

    def _told(
        self, recording: Recording, name: str, answer: Answer, differences: list[Difference], *, brief: bool
    ) -> str:
        """The first difference of one engine by path, then the first bar in words."""
        assert recording.answer.outcome is not None
        assert answer.outcome is not None
        lines = [f"{RECORDING} -> {name}: {differences[0]}"]
        gates = next(e for e in (self.campaign.pair.a, self.campaign.pair.b) if e.name == name).capabilities.gates
        sides: Sides = (Side(name=RECORDING, outcome=recording.answer.outcome),
                        Side(name=name, outcome=answer.outcome, gates=gates))  # fmt: skip
        if not brief:
            lines.append(narrate(recording.case, sides, differences))
        return "\n".join(lines)

    def findings(self) -> list[str]:
        """One text for each kind of difference, the most frequent first."""
        out = []
        for kind, found in sorted(self.kinds.items(), key=lambda item: -item[1].count):
            how = "; ".join(f"{name} differs from {RECORDING} in {', '.join(words)}" for name, words in kind)
            cases = "1 case" if found.count == 1 else f"{found.count} cases"
            lines = [f"recorded: {cases}: {how}", f"first: {printable(found.first.case.id)} ({found.first.place})"]
            if not found.text and kind in self.told:
                lines.append(f"as in {self.told[kind]}")
            elif found.text:
                lines += [found.text, f"run the engines on it with: {provenance.command()} replay {found.path}"]
            out.append("\n".join(lines))
        return out
