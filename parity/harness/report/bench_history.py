"""Compares files of ``make bench``: the change from one to another, or many side by side. Pure.

A ratio is taken within one round of one job, against a contestant on the same machine at the same time. The change of a
ratio from A to B is judged only when both ran on the same kind of machine, and is red only when the lower end of its
95 % bootstrap interval lies above the limit. Instruction counts do not depend on the machine: they are always judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

#: How much worse a ratio may have become, at the lower end of the interval; how much an instruction count may grow.
MOST_RATIO, MOST_INSTRUCTIONS = 1.10, 1.02
RESAMPLED = 4000

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Text = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class BenchFileError(ValueError):
    """The bytes are no file of ``make bench``; the message says what is wrong, and where in the file."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file was made."""

    processor: Text | None = None


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What a file was made with."""

    commit: Text = "unknown"


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant's time over another's: the median, and the ratio of every round.

    ``below`` says that less is better. Old files hold the median alone.
    """

    ratio: Positive | None = None
    rounds: tuple[Positive, ...] = ()
    below: bool = True


class BenchFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a file of ``make bench``; its other figures are not compared.

    ``instructions_per_bar`` is a sentence where they were not counted.
    """

    ratios: dict[Text, Ratio]
    when: Text | None = None
    versions: Versions = Versions()
    machine: Machine = Machine()
    instructions_per_bar: dict[Text, Positive] | Text | None = None

    @property
    def counts(self) -> dict[str, float]:
        """Instructions per bar by name; empty where they were not counted."""
        return self.instructions_per_bar if isinstance(self.instructions_per_bar, dict) else {}


_DECODER = msgspec.json.Decoder(BenchFile)


def read(text: bytes) -> BenchFile:
    """The figures of a file.

    Raises:
        BenchFileError: the text is no JSON, or a figure is missing or of a wrong type.
    """
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise BenchFileError(f"not a file of `make bench`: {reason}") from error


@dataclass(frozen=True, kw_only=True)
class Change:
    """B over A, more than 1 is worse, with its 95 % interval; of a count both ends are the change itself."""

    name: str
    change: float
    low: float
    high: float
    limit: float
    judged: bool = True

    @property
    def red(self) -> bool:
        """Whether the change is surely above its limit."""
        return self.judged and self.low > self.limit

    def __str__(self) -> str:
        word = ("WORSE" if self.red else "ok") if self.judged else "not judged"
        interval = f" [{self.low:.3f}, {self.high:.3f}]" if self.low != self.high else ""
        return f"{self.name:44} x {self.change:.3f}{interval}  limit {self.limit:g}  {word}"


def changes(a: BenchFile, b: BenchFile) -> list[Change]:
    """Every figure that both files hold.

    Raises:
        BenchFileError: the files have no such figure.
    """
    out = []
    same = a.machine.processor == b.machine.processor
    for name, old in a.ratios.items():
        new = b.ratios.get(name)
        if new is None or not old.rounds or not new.rounds:
            continue
        # Where more is better, the change is inverted.
        low, middle, high = _interval(old.rounds, new.rounds, inverted=not old.below)
        out.append(Change(name=name, change=middle, low=low, high=high, limit=MOST_RATIO, judged=same))
    for name in sorted(a.counts.keys() & b.counts.keys()):
        change = b.counts[name] / a.counts[name]
        title = f"instructions per bar, {name}"
        out.append(Change(name=title, change=change, low=change, high=change, limit=MOST_INSTRUCTIONS))
    if not out:
        raise BenchFileError("the files have no figures in common that can be compared")
    return out


def history(files: Sequence[BenchFile]) -> list[str]:
    """A table of files in the order of their times: a line for each figure, a column for each file.

    Raises:
        BenchFileError: there is no file, or one of them has no time or no ratio.
    """
    if not files or not all(file.ratios and file.when for file in files):
        raise BenchFileError("nothing to show: files of `make bench` hold `when` and `ratios`")
    files = sorted(files, key=lambda file: str(file.when))
    lines = [
        _line("", [str(file.when)[:13] for file in files]),
        _line("", [file.versions.commit[:12] for file in files]),
    ]
    for name in dict.fromkeys(name for file in files for name in file.ratios):
        ratios = [file.ratios.get(name, Ratio()).ratio for file in files]
        lines.append(_line(name, ["-" if ratio is None else f"{ratio:.2f}" for ratio in ratios]))
    for name in dict.fromkeys(name for file in files for name in file.counts):
        counts = [file.counts.get(name) for file in files]
        cells = ["-" if count is None else f"{count:,.1f}" for count in counts]
        lines.append(_line(f"instructions per bar, {name}", cells))
    machines = {str(file.machine.processor) for file in files}
    if len(machines) > 1:
        lines.append(f"not one machine, so ratios may differ for that reason: {', '.join(sorted(machines))}")
    return lines


def _line(title: str, cells: Sequence[str]) -> str:
    return f"{title:44}" + "".join(f"{cell:>16}" for cell in cells)


def _interval(old: Sequence[float], new: Sequence[float], *, inverted: bool) -> tuple[float, float, float]:
    """(low, median, high) of the ratio of the medians, resampling the rounds of either file."""
    generator = np.random.default_rng(1)
    medians = [np.median(generator.choice(np.array(x), (RESAMPLED, len(x))), axis=1) for x in (old, new)]
    drawn = medians[0] / medians[1] if inverted else medians[1] / medians[0]
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = float(np.median(old) / np.median(new) if inverted else np.median(new) / np.median(old))
    return float(low), middle, float(high)
