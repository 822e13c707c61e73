"""Plants the faults of `parity/faults.toml` in a copy of V2 and builds the copy.

Every fault is an edit of V2's source that a call turns on at run time, so one build serves all of them. V2's own source
holds none. Leaves out what a fault must lead to: `selftest` decides that.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

REPOSITORY = Path(__file__).resolve().parents[3]
FAULTS = REPOSITORY / "parity" / "faults.toml"
#: Environment variable that lists the planted faults, separated by commas. Only the copy reads it.
VARIABLE = "OMEGA_PLANTED_FAULTS"
#: Build directory of the copy: kept, so that a later build compiles only what has changed.
CARGO_TARGET = REPOSITORY / "target" / "planted"
#: Crate that every other crate of V2 depends on: it gets the module with the selector.
BASE = "rust_core/crates/contract/src/"

#: What builds leave beside the sources of `bt`.
LIBRARIES = (".so", ".dylib", ".pyd")

#: At least one hyphen, so that the name of the Rust function is never a keyword.
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")]
Source = Annotated[str, msgspec.Meta(pattern=r"^rust_core/crates/[a-z]+/src/[a-z0-9_/]+\.rs$")]
Text = Annotated[str, msgspec.Meta(pattern=r"\S")]
Sentence = Annotated[str, msgspec.Meta(pattern=r"^[A-Z].*\.$")]
Area = Literal[
    "exits", "orders", "costs", "sizing", "manager", "gates", "strategy", "indicators", "alignment", "data", "metrics",
    "result",
]  # fmt: skip


class FaultsError(ValueError):
    """The table of faults breaks its own rules, or no longer fits V2's source."""


class BuildError(RuntimeError):
    """The copy does not compile."""


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`replace` takes the place of `find`, which occurs exactly once in `file`."""

    file: Source
    find: Text
    replace: Text


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A planted fault: one mistake, made by one edit or by several."""

    name: Name
    area: Area
    imitates: Sentence
    file: Source
    find: Text
    replace: Text
    also: tuple[Edit, ...] = ()

    def edits(self) -> Iterator[Edit]:
        """Every edit of this fault."""
        yield Edit(self.file, self.find, self.replace)
        yield from self.also


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All faults, and the edit by which the copy reads which of them are planted."""

    selector: Edit
    fault: tuple[Fault, ...]

    def names(self) -> tuple[str, ...]:
        """Names of the faults, in the order of the table."""
        return tuple(fault.name for fault in self.fault)


@dataclass(frozen=True)
class Place:
    """Bytes of a planted file, `begin` up to `end`, that an edit of `fault` wrote."""

    fault: str
    begin: int
    end: int


@dataclass(frozen=True)
class Planted:
    """A file of the copy: its text, and which fault wrote which part of it."""

    text: str
    places: tuple[Place, ...]


def parse(text: str) -> Table:
    """The table in a TOML text.

    Raises:
        FaultsError: a key is unknown or missing, a value is malformed, a name is taken twice, or an edit changes
            nothing or cannot be turned off.
    """
    try:
        table = msgspec.convert(tomllib.loads(text), Table)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise FaultsError(f"faults.toml: {error}") from error
    names = table.names()
    wrong = [f"the name {name} is taken twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for owner, edit, mark, _ in _edits(table):
        if edit.find == edit.replace:
            wrong.append(f"{owner}: replace is the same as find")
        if mark not in edit.replace:
            wrong.append(f"{owner}: replace lacks {mark}, so it would hold in every run")
    if wrong:
        raise FaultsError("faults.toml: " + "; ".join(wrong))
    return table


def load(path: Path = FAULTS) -> Table:
    """The table in a file.

    Raises:
        FaultsError: see `parse`.
        OSError: the file cannot be read.
    """
    return parse(path.read_text(encoding="utf-8"))


def planted_sources(table: Table, read: Callable[[str], str]) -> dict[str, Planted]:
    """Every file that the faults change or add, by its path below the repository. Pure, given `read`.

    Every `find` is looked up in the file as it is, so the order of the faults does not matter.

    Args:
        table: The faults to apply, all of them at once.
        read: The text of a file, from its path below the repository.

    Raises:
        FaultsError: a `find` does not occur exactly once, or two edits overlap.
    """
    by_file: dict[str, list[tuple[str, Edit]]] = defaultdict(list)
    for owner, edit, mark, function in _edits(table):
        crate = "crate" if edit.file.startswith(BASE) else "omega_contract"
        code = edit.replace.replace(mark, f"{crate}::planted::{function}()")
        by_file[edit.file].append((owner, Edit(edit.file, edit.find, code)))
    root = BASE + "lib.rs"
    out = {file: _edited(file, read(file), by_file.get(file, ())) for file in {*by_file, root}}
    out[root] = replace(out[root], text=out[root].text + "\npub mod planted;\n")
    out[BASE + "planted.rs"] = Planted(selector_source(table.names()), ())
    return out


def selector_source(names: Iterable[str]) -> str:
    """Rust source of the module `planted`: a function for each fault, and `select`, which reads what is planted."""
    names = tuple(names)
    listed = ", ".join(f'"{name}"' for name in names)
    functions = "\n".join(
        f"#[inline]\npub fn {_identifier(name)}() -> bool {{\n    ON[{i}].load(Relaxed)\n}}"
        for i, name in enumerate(names)
    )
    return f"""//! Which faults are planted. Generated from parity/faults.toml.

use std::sync::atomic::{{AtomicBool, Ordering::Relaxed}};

const NAMES: [&str; {len(names)}] = [{listed}];
static ON: [AtomicBool; {len(names)}] = [const {{ AtomicBool::new(false) }}; {len(names)}];

/// Plants the faults that the environment lists, in place of those before.
///
/// # Panics
/// For a name that no fault has: a selftest of a fault that is not there would prove nothing.
pub fn select() {{
    let listed = std::env::var("{VARIABLE}").unwrap_or_default();
    let wanted: Vec<&str> = listed.split(',').filter(|name| !name.is_empty()).collect();
    for name in &wanted {{
        assert!(NAMES.contains(name), "there is no planted fault {{name:?}}; there are {{NAMES:?}}");
    }}
    for (name, on) in NAMES.iter().zip(&ON) {{
        on.store(wanted.contains(name), Relaxed);
    }}
}}

{functions}
"""


def build(target: Path) -> Path:
    """Copies V2 to `target`, plants all faults and builds it; does no work where nothing has changed.

    Returns:
        The folder to put on `PYTHONPATH`: its package `bt` is V2 with the faults.

    Raises:
        FaultsError: the table is wrong or does not fit V2's source.
        BuildError: the copy does not compile; says which faults the compiler complains about.
    """
    planted = planted_sources(load(), lambda file: (REPOSITORY / file).read_text(encoding="utf-8"))
    crates = {path: (REPOSITORY / path).read_bytes() for path in _files("rust_core")}
    crates |= {file: source.text.encode() for file, source in planted.items()}
    package = {path: (REPOSITORY / path).read_bytes() for path in _files("python/bt")}
    library = target / "python" / "bt" / "_native.abi3.so"
    target.mkdir(parents=True, exist_ok=True)
    with (target / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _synchronise(target, {**crates, **package}) or not library.exists():
            print("building V2 with all planted faults (about a minute) ...", file=sys.stderr, flush=True)
        _write(library, _compiled(target / "rust_core" / "Cargo.toml", planted).read_bytes())
    return target / "python"


def complaints(messages: str, planted: Mapping[str, Planted]) -> str:
    """What the compiler says in its JSON lines, each error with the faults whose edits it points at."""
    lines = []
    for message in _parsed(messages):
        if message.get("reason") != "compiler-message" or message["message"]["level"] != "error":
            continue
        error = message["message"]
        found = sorted({name for span in error["spans"] for name in _blamed(span, planted)})
        lines.append(error["rendered"].rstrip())
        lines += [f"parity/faults.toml: this is the edit of {name}" for name in found]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Builds into the folder that is named; 2 where that fails."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("usage: python -m parity.harness.mutation.faults TARGET", file=sys.stderr)
        return 2
    try:
        build(Path(arguments[0]).resolve())
    except (FaultsError, BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _edits(table: Table) -> Iterator[tuple[str, Edit, str, str]]:
    """Every edit: its owner, itself, what stands in it for a call, and the Rust function that is called."""
    yield "selector", table.selector, "{select}", "select"
    for fault in table.fault:
        for edit in fault.edits():
            yield fault.name, edit, "{fault}", _identifier(fault.name)


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _edited(file: str, text: str, edits: Iterable[tuple[str, Edit]]) -> Planted:
    spans = []
    for owner, edit in edits:
        count = text.count(edit.find)
        if count != 1:
            raise FaultsError(f"{owner}: find occurs {count} times in {file}, not once: {edit.find!r}")
        begin = text.index(edit.find)
        spans.append((begin, begin + len(edit.find), owner, edit.replace))
    spans.sort()
    for (_, end, before, _), (begin, _, after, _) in pairwise(spans):
        if begin < end:
            raise FaultsError(f"{before} and {after} edit the same text of {file}: shorten the find of one of them")
    out, places, last = "", [], 0
    for begin, end, owner, code in spans:
        out += text[last:begin]
        places.append(Place(owner, len(out.encode()), len((out + code).encode())))
        out, last = out + code, end
    return Planted(out + text[last:], tuple(places))


def _files(folder: str) -> Iterator[str]:
    """Paths below the repository of a folder's sources, without what builds leave there."""
    for path in sorted((REPOSITORY / folder).rglob("*")):
        name = path.relative_to(REPOSITORY)
        if path.is_file() and not {"target", "__pycache__"} & set(name.parts) and name.suffix not in LIBRARIES:
            yield name.as_posix()


def _synchronise(target: Path, wanted: Mapping[str, bytes]) -> bool:
    """Makes the copy hold the wanted files; writes only what differs, because Cargo goes by modification times."""
    changed = False
    for folder in ("rust_core", "python"):
        for path in [p for p in (target / folder).rglob("*") if p.is_file()]:
            if path.relative_to(target).as_posix() not in wanted and path.suffix not in LIBRARIES:
                path.unlink()
                changed = True
    for name, content in wanted.items():
        changed |= _write(target / name, content)
    return changed


def _write(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced in one step: another process may have the old library open.
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
    return True


def _compiled(manifest: Path, planted: Mapping[str, Planted]) -> Path:
    """The library that Cargo builds from the copy."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--message-format", "json", "-p", "omega-ffi"]
    command += ["--manifest-path", str(manifest), "--target-dir", str(CARGO_TARGET)]
    # In the repository's root Cargo reads the repository's settings, as for the real build.
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"V2 with planted faults does not compile:\n{complaints(done.stdout, planted) or done.stderr}")
    for message in _parsed(done.stdout):
        if message.get("reason") == "compiler-artifact" and message["target"]["name"] == "_native":
            return Path(message["filenames"][0])
    raise BuildError("Cargo names no library _native")


def _parsed(messages: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in messages.splitlines() if line.startswith("{")]


def _blamed(span: Mapping[str, Any], planted: Mapping[str, Planted]) -> list[str]:
    """Faults whose edits a span of the compiler touches; the compiler counts paths from the workspace."""
    source = planted.get(f"rust_core/{span['file_name']}")
    places = source.places if source else ()
    return [p.fault for p in places if p.begin <= span["byte_end"] and span["byte_start"] <= p.end]


if __name__ == "__main__":
    sys.exit(main())
