"""Where the time of an engine goes on one case: a flame graph, and one line in words.

py-spy samples the Python side, perf the native side. Either gives folded stacks (``outer;inner count``), which are
drawn here, so that both pictures read alike.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from parity.harness.engines.process import ProcessEngine
from parity.harness.engines.v1 import LEGACY_SRC, WORKER
from parity.harness.model.files import Prepared

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "engine.py"
TOOLS = {
    "py-spy": "install it into this environment: pip install py-spy (the extra `profile`)",
    "perf": "install it from the system: on Debian and Ubuntu apt install linux-perf or linux-tools-generic",
}
#: Samples per second, and how often the case is run, so that there is something to sample.
RATE = 400
Folded = Counter[tuple[str, ...]]


class ToolError(Exception):
    """A tool is missing or failed; the message says what to do."""


def profile(prepared: Prepared, engine: str, tool: str, target: Path, *, repeats: int = 40) -> str:
    """Runs a case ``repeats`` times under a tool, draws the flame graph, and says where the time goes.

    Raises:
        ToolError: the tool is missing or ended with an error.
    """
    beside = Path(sys.executable).parent / tool
    program = shutil.which(tool) or (str(beside) if beside.exists() else None)
    if program is None:
        raise ToolError(f"{tool} is missing; {TOOLS[tool]}")
    command = [sys.executable, str(WORKER), str(LEGACY_SRC)] if engine == "v1" else [sys.executable, str(EXAMPLE)]
    request = json.dumps({"id": 0, **ProcessEngine.request(prepared, {}, events=False)})
    requests = "\n".join([request] * repeats) + "\n"
    folded, note = (_py_spy if tool == "py-spy" else _perf)(program, command, requests, target.with_suffix(".data"))
    if not folded:
        raise ToolError(f"{tool} took no sample: run the case more often (--repeats)")
    draw(folded, target, title=f"{engine} on {prepared.case.id}, {sum(folded.values())} samples by {tool}{note}")
    return f"{sentence(folded)}{note}"


def _run(command: list[str], requests: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=requests, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-400:]}")
    return done


def _py_spy(program: str, command: list[str], requests: str, scratch: Path) -> tuple[Folded, str]:
    _run(
        [program, "record", "--format", "raw", "--rate", str(RATE), "--output", str(scratch), "--", *command], requests
    )
    text = scratch.read_text(encoding="utf-8")
    scratch.unlink()
    return parse_folded(text), ""


def _perf(program: str, command: list[str], requests: str, scratch: Path) -> tuple[Folded, str]:
    # Virtual machines often have no hardware counters; the clock always works.
    counters = subprocess.run([program, "stat", "-e", "cycles", "true"], capture_output=True, text=True, check=False)
    without = counters.returncode != 0 or "not supported" in counters.stderr
    event = "cpu-clock" if without else "cycles"
    record = [program, "record", "-q", "-g", "-F", str(RATE), "-e", event, "-o", str(scratch), "--", *command]
    _run(record, requests)
    script = _run([program, "script", "-i", str(scratch), "-F", "ip,sym"], "")
    scratch.unlink()
    return parse_perf(script.stdout), " (no hardware counters here: sampled by cpu-clock)" if without else ""


def parse_folded(text: str) -> Folded:
    """Stacks of py-spy's raw format, outermost frame first."""
    out: Folded = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        if stack and count.isdigit():
            out[tuple(stack.split(";"))] += int(count)
    return out


def parse_perf(text: str) -> Folded:
    """Stacks of ``perf script -F ip,sym``: innermost frame first, a blank line between samples."""
    out: Folded = Counter()
    for block in re.split(r"\n\s*\n", text):
        frames = [line.split(None, 1)[1].strip() for line in block.splitlines() if len(line.split(None, 1)) == 2]
        if frames:
            out[tuple(reversed(frames))] += 1
    return out


def sentence(folded: Mapping[tuple[str, ...], int]) -> str:
    """The functions that the time goes to, in one line."""
    own: Counter[str] = Counter()
    for stack, count in folded.items():
        own[stack[-1]] += count
    total = sum(own.values())
    top = ", ".join(f"{count / total:.0%} in {name}" for name, count in own.most_common(4))
    return f"of {total} samples {top}"


def draw(folded: Mapping[tuple[str, ...], int], target: Path, *, title: str) -> None:
    """A flame graph: one box per frame, as wide as its share, callers below."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    total = sum(folded.values())
    boxes: Counter[tuple[str, ...]] = Counter()
    for stack, count in folded.items():
        for depth in range(1, len(stack) + 1):
            boxes[stack[:depth]] += count
    left: dict[tuple[str, ...], float] = {}
    used: Counter[tuple[str, ...]] = Counter()
    figure, axes = plt.subplots(figsize=(14, 7), layout="constrained")
    for stack in sorted(boxes):
        width, parent = boxes[stack] / total, stack[:-1]
        left[stack] = left.get(parent, 0.0) + used[parent] / total
        used[parent] += boxes[stack]
        if width < 0.002:
            continue
        colour = plt.get_cmap("autumn")(0.2 + 0.6 * (hash_of(stack[-1]) % 100) / 100)
        axes.barh(len(stack), width, left=left[stack], height=0.92, color=colour, edgecolor="white", lw=0.3)
        if width > 0.03:
            axes.text(
                left[stack] + 0.002, len(stack), stack[-1][: int(width * 160)], fontsize=6, va="center", clip_on=True
            )
    axes.set(title=title, xlabel="share of the samples", ylabel="depth", xlim=(0, 1))
    figure.savefig(target)
    plt.close(figure)


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))
