"""Samples an engine on one case: a flame graph, and one line that says where the time goes.

py-spy samples the Python side, perf the native side. Both give folded stacks (``outer;inner count``); they are drawn
here, so that both graphs read alike.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
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
#: Samples per second.
RATE = 400
#: Formats in which a graph is written.
SUFFIXES = (".svg", ".png", ".pdf")
#: Boxes narrower than this share of the graph are left out, and those narrower than the second one have no name.
DRAWN, NAMED = 0.002, 0.03
#: Samples by stack, outermost frame first.
Folded = Counter[tuple[str, ...]]


class ToolError(Exception):
    """The graph cannot be made: a tool is missing or failed, or the target cannot be written; the message says why."""


def profile(prepared: Prepared, engine: str, tool: str, target: Path, *, repeats: int = 40) -> str:
    """Runs a case ``repeats`` times under a tool and draws the flame graph; the returned line says where the time goes.

    ``engine`` is ``v1`` or ``v2``, ``tool`` is ``py-spy`` or ``perf``.

    Raises:
        ToolError: the target cannot be written, the tool is missing or failed, or it took no sample.
    """
    _check_target(target)
    beside = Path(sys.executable).parent / tool
    program = shutil.which(tool) or (str(beside) if beside.exists() else None)
    if program is None:
        raise ToolError(f"{tool} is missing; {TOOLS[tool]}")
    command = [sys.executable, str(WORKER), str(LEGACY_SRC)] if engine == "v1" else [sys.executable, str(EXAMPLE)]
    request = json.dumps({"id": 0, **ProcessEngine.request(prepared, {}, events=False)})
    sample = _py_spy if tool == "py-spy" else _perf
    with tempfile.TemporaryDirectory() as folder:
        folded, remark = sample(program, command, f"{request}\n" * repeats, Path(folder) / "samples")
    if not folded:
        raise ToolError(f"{tool} took no sample: run the case more often (--repeats)")
    draw(folded, target, title=f"{engine} on {prepared.case.id}, {sum(folded.values())} samples by {tool}{remark}")
    return f"{sentence(folded)}{remark}"


def _check_target(target: Path) -> None:
    """Checks before the run what would stop the graph afterwards."""
    if target.suffix.lower() not in SUFFIXES:
        raise ToolError(f"{target}: the name must end with one of {', '.join(SUFFIXES)}")
    if not target.parent.is_dir():
        raise ToolError(f"{target}: the folder {target.parent} does not exist")
    if importlib.util.find_spec("matplotlib") is None:
        raise ToolError("matplotlib is missing: install it into this environment (pip install matplotlib)")


def _run(command: list[str], requests: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=requests, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-400:]}")
    return done


def _py_spy(program: str, command: list[str], requests: str, scratch: Path) -> tuple[Folded, str]:
    _run(
        [program, "record", "--format", "raw", "--rate", str(RATE), "--output", str(scratch), "--", *command], requests
    )
    return parse_folded(scratch.read_text(encoding="utf-8")), ""


def _perf(program: str, command: list[str], requests: str, scratch: Path) -> tuple[Folded, str]:
    # Virtual machines often have no hardware counters; the clock always works.
    counters = subprocess.run([program, "stat", "-e", "cycles", "true"], capture_output=True, text=True, check=False)
    without = counters.returncode != 0 or "not supported" in counters.stderr
    event = "cpu-clock" if without else "cycles"
    record = [program, "record", "-q", "-g", "-F", str(RATE), "-e", event, "-o", str(scratch), "--", *command]
    _run(record, requests)
    script = _run([program, "script", "-i", str(scratch), "-F", "ip,sym"], "")
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
    """The four functions with the most samples of their own, in one line."""
    own: Counter[str] = Counter()
    for stack, count in folded.items():
        own[stack[-1]] += count
    total = sum(own.values())
    top = ", ".join(f"{count / total:.0%} in {name}" for name, count in own.most_common(4))
    return f"of {total} samples {top}"


def draw(folded: Mapping[tuple[str, ...], int], target: Path, *, title: str) -> None:
    """Writes a flame graph, SVG, PNG or PDF by the suffix: a box per frame, as wide as its share, callers below.

    Raises:
        ToolError: the file cannot be written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(14, 7), layout="constrained")
    for stack, left, width in boxes(folded):
        colour = plt.get_cmap("autumn")(0.2 + 0.6 * (hash_of(stack[-1]) % 100) / 100)
        axes.barh(len(stack), width, left=left, height=0.92, color=colour, edgecolor="white", lw=0.3)
        if width > NAMED:
            name = stack[-1][: int(width * 160)]
            axes.text(left + 0.002, len(stack), name, fontsize=6, va="center", clip_on=True, parse_math=False)
    axes.set_title(title, parse_math=False)
    axes.set(xlabel="share of the samples", ylabel="depth", xlim=(0, 1))
    try:
        figure.savefig(target)
    except OSError as error:
        raise ToolError(f"{target}: {error.strerror}") from error
    finally:
        plt.close(figure)


def boxes(folded: Mapping[tuple[str, ...], int]) -> list[tuple[tuple[str, ...], float, float]]:
    """(stack, left edge, width) of every box that is drawn, as shares of all samples; a box lies on its caller's."""
    total = sum(folded.values())
    counts: Counter[tuple[str, ...]] = Counter()
    for stack, count in folded.items():
        for depth in range(1, len(stack) + 1):
            counts[stack[:depth]] += count
    lefts: dict[tuple[str, ...], float] = {}
    used: Counter[tuple[str, ...]] = Counter()
    out = []
    for stack in sorted(counts):
        width, caller = counts[stack] / total, stack[:-1]
        lefts[stack] = lefts.get(caller, 0.0) + used[caller] / total
        used[caller] += counts[stack]
        if width >= DRAWN:
            out.append((stack, lefts[stack], width))
    return out


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))
