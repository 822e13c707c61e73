"""Two benchmark files against each other: judged is only what can be judged. Pure.

A ratio is taken within one round of one job, against a contestant that saw the same machine at the same time; the
change of a ratio from A to B is judged only when both ran on the same kind of machine, and is red only when the lower
end of its 95 % bootstrap interval lies above the limit. Instruction counts do not depend on the machine and are judged
as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: How much worse a ratio may have become, at the lower end of the interval; how much an instruction count may grow.
MOST_RATIO, MOST_INSTRUCTIONS = 1.10, 1.02
RESAMPLED = 4000


@dataclass(frozen=True, kw_only=True)
class Change:
    """B over A, more than 1 is worse. ``low`` and ``high`` are the same for a count."""

    name: str
    change: float
    low: float
    high: float
    limit: float
    judged: bool = True

    @property
    def red(self) -> bool:
        return self.judged and self.low > self.limit

    def __str__(self) -> str:
        word = ("WORSE" if self.red else "ok") if self.judged else "not judged"
        interval = f" [{self.low:.3f}, {self.high:.3f}]" if self.low != self.high else ""
        return f"{self.name:44} x {self.change:.3f}{interval}  limit {self.limit:g}  {word}"


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Change]:
    """Every figure that both files hold.

    Raises:
        ValueError: the files have nothing in common that can be compared.
    """
    out = []
    same = a.get("machine", {}).get("processor") == b.get("machine", {}).get("processor")
    for name, old in a.get("ratios", {}).items():
        new = b.get("ratios", {}).get(name)
        if new is None or not old.get("rounds") or not new.get("rounds"):
            continue
        # Of some ratios more is better: then the change is turned round.
        low, middle, high = _interval(old["rounds"], new["rounds"], upside_down=not old["below"])
        out.append(Change(name=name, change=middle, low=low, high=high, limit=MOST_RATIO, judged=same))
    counts: list[Any] = [x.get("instructions_per_bar") for x in (a, b)]
    if all(isinstance(count, Mapping) for count in counts):
        for name in sorted(counts[0].keys() & counts[1].keys()):
            if isinstance(counts[0][name], int | float) and counts[0][name]:
                change = counts[1][name] / counts[0][name]
                title = f"instructions per bar, {name}"
                out.append(Change(name=title, change=change, low=change, high=change, limit=MOST_INSTRUCTIONS))
    if not out:
        raise ValueError("the files have no figures in common that can be compared: were both made by `make bench`?")
    return out


def history(files: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table of benchmark files in the order of their times: a line for each figure, a column for each file.

    Raises:
        ValueError: there are no files, or one of them was not made by ``make bench``.
    """
    if not files or not all(file.get("ratios") and file.get("when") for file in files):
        raise ValueError("nothing to show: files of `make bench` hold `when` and `ratios`")
    files = sorted(files, key=lambda file: str(file["when"]))
    heads = [str(file["versions"]["commit"])[:12] for file in files]
    lines = ["".join([f"{'':44}", *(f"{str(file['when'])[:13]:>16}" for file in files)])]
    lines.append("".join([f"{'':44}", *(f"{head:>16}" for head in heads)]))
    for name in dict.fromkeys(name for file in files for name in file["ratios"]):
        cells = [file["ratios"].get(name) for file in files]
        lines.append(f"{name:44}" + "".join(f"{cell['ratio']:>16.2f}" if cell else f"{'-':>16}" for cell in cells))
    counts = [file.get("instructions_per_bar") for file in files]
    counted = [count if isinstance(count, Mapping) else {} for count in counts]
    for name in dict.fromkeys(name for count in counted for name in count):
        cells = [count.get(name) for count in counted]
        title = f"instructions per bar, {name}"
        lines.append(f"{title:44}" + "".join(f"{cell:>16,.1f}" if cell else f"{'-':>16}" for cell in cells))
    machines = {str(file.get("machine", {}).get("processor")) for file in files}
    if len(machines) > 1:
        lines.append(f"not one machine, so ratios may differ for that reason: {', '.join(sorted(machines))}")
    return lines


def _interval(old: list[float], new: list[float], *, upside_down: bool) -> tuple[float, float, float]:
    """(low, median, high) of the ratio of the medians, resampling the rounds of either file."""
    generator = np.random.default_rng(1)
    medians = [np.median(generator.choice(np.array(x), (RESAMPLED, len(x))), axis=1) for x in (old, new)]
    drawn = medians[0] / medians[1] if upside_down else medians[1] / medians[0]
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = float(np.median(old) / np.median(new) if upside_down else np.median(new) / np.median(old))
    return float(low), middle, float(high)
