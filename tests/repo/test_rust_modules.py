"""No circle of files inside any Rust crate of `rust_core`.

An edge A -> B means: the code of file A names an item that file B of the same crate defines. Precisely:

- A path counts when it starts with `crate`, `self`, `super`, a child module or a name that a `use` of A brings in. It
  leads through modules and re-exports (any `use`) to the file that defines the item: `crate::Config`, re-exported by
  `lib.rs` from `config.rs`, leads to `config.rs`.
- `use` of an item is an edge. `use` of a module is none by itself: the paths that go through it are.
- `mod x;` and `pub use x::Y;` are no edges, so a `mod.rs` that only declares and re-exports is in no circle. It becomes
  an edge when the same file's own code names `Y`.
- Comments, strings and `#[cfg(test)] mod ... { }` do not count; a path in an attribute's string does (serde's `with`).
- What is only inferred (a method on a value whose type is never named) does not count.

What the scan cannot follow is refused, not skipped: globs over the crate's own modules, `#[path]`, `include!`, and
files that no `mod` reaches. A circle is a set of files each of which reaches all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOTS = ("lib.rs", "main.rs", "mod.rs")
CRATES = REPOSITORY / "rust_core" / "crates"

TOKEN = re.compile(
    r"""//[^\n]* | /\* | (?<!\w)[bc]?r(?P<hashes>\#*)".*?"(?P=hashes) | (?<!\w)[bc]?"(?:\\.|[^"\\])*"
    | (?<!\w)b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'\n])'""",
    re.DOTALL | re.VERBOSE,
)
INLINE = r"\bmod\s+(?P<name>\w+)\s*\{"
INLINE_MODULE = re.compile(INLINE)
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*" + INLINE)
USE = re.compile(r"(?P<public>\bpub(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
DECLARATION = re.compile(r"\bmod\s+(\w+)\s*;")
PATH = re.compile(r"(?<![\w:$])\$?\w+(?:\s*::\s*\w+)+")
QUOTED_PATH = re.compile(r'"((?:crate|self|super)(?:::\w+)+)"')
REFUSED = {
    "a path attribute": re.compile(r"#\[path\b"),
    "an include": re.compile(r"\binclude!"),
}


def _block_comment_end(text: str, start: int) -> int:
    depth, at = 0, start
    for mark in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if mark[0] == "/*" else -1
        at = start + mark.end()
        if depth == 0:
            break
    return at


def bare(text: str) -> str:
    """The code without comments and strings; a path quoted inside an attribute stays, without its quotes."""
    out, at = "", 0
    while found := TOKEN.search(text, at):
        out += text[at : found.start()]
        at = found.end()
        if found[0] == "/*":
            at = _block_comment_end(text, found.start())
        elif found[0][0] != "/":
            attribute = out[out.rfind("#[") :] if "#[" in out else ""
            quoted = QUOTED_PATH.fullmatch(found[0])
            out += quoted[1] if quoted and attribute.count("[") > attribute.count("]") else '""'
        out += " "
    return out + text[at:]


def cut(code: str, opening: re.Pattern[str]) -> tuple[str, list[tuple[str, str]]]:
    """(`bare` code without the modules that `opening` finds, their names and bodies)."""
    out = []
    while found := opening.search(code):
        depth, at = 1, found.end()
        while depth and at < len(code):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        out.append((found["name"], code[found.end() : at - 1]))
        code = code[: found.start()] + code[at:]
    return code, out


def leaves(tree: str) -> list[tuple[list[str], str]]:
    """`a::{b, c as d, e::*}` -> (path, name it brings in); the name of a glob is `*`."""
    tokens = re.findall(r"\w+|::|[{},*]", tree)
    out: list[tuple[list[str], str]] = []

    def walk(i: int, path: list[str]) -> int:
        while True:
            if tokens[i] == "{":
                i += 1
                while tokens[i] != "}":
                    i = walk(i, path)
                    i += tokens[i] == ","
                return i + 1
            if tokens[i] == "*":
                out.append((path, "*"))
                return i + 1
            path = [*path, tokens[i]]
            i += 1
            if tokens[i : i + 1] == ["::"]:
                i += 1
                continue
            if path[-1] == "self" and len(path) > 1:
                path = path[:-1]
            renamed = tokens[i : i + 1] == ["as"]
            out.append((path, tokens[i + 1] if renamed else path[-1]))
            return i + 2 * renamed

    walk(0, [])
    return out


@dataclass(eq=False)
class Module:
    """A file, or a module inside one: its code without `use`, its children, and what its `use` items bring in."""

    file: Path
    parent: Module | None
    code: str = ""
    children: dict[str, Module] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)

    def tree(self) -> Iterator[Module]:
        yield self
        for child in self.children.values():
            yield from child.tree()


def read(file: Path, parent: Module | None = None) -> Module:
    """The module of a file, with all modules below it. Raises ValueError for what cannot be followed."""
    code, _ = cut(bare(file.read_text(encoding="utf-8")), TEST_MODULE)
    for what, pattern in REFUSED.items():
        if pattern.search(code):
            raise ValueError(f"{file}: {what} is not understood")
    return _module(code, file, file.parent if file.name in ROOTS else file.parent / file.stem, parent)


def _module(code: str, file: Path, folder: Path, parent: Module | None) -> Module:
    code, inline = cut(code, INLINE_MODULE)
    module = Module(file, parent, re.sub(r"\bpub\([^)]*\)", "pub", USE.sub(" ", code)))
    for name in DECLARATION.findall(code):
        places = (folder / f"{name}.rs", folder / name / "mod.rs")
        module.children[name] = read(next(p for p in places if p.exists()), module)
    for name in {name for name, _ in inline}:  # one name twice: by `cfg`
        body = "\n".join(text for other, text in inline if other == name)
        module.children[name] = _module(body, file, folder / name, module)
    for use in USE.finditer(code):
        for path, name in leaves(use["tree"]):
            if name == "*" and (path[0] in ("crate", "self", "super") or path[0] in module.children):
                raise ValueError(f"{file}: the glob {'::'.join(path)}::* is not understood")
            module.names[name] = path
            if not use["public"]:
                module.private.add(name)
    return module


def definer(root: Module, module: Module, path: list[str], seen: tuple = ()) -> Module | None:
    """The module that defines what `path` names when `module` says it; None for other crates and for modules."""
    here, rest = module, list(path)
    if rest[0] in ("crate", "$crate"):
        here, rest = root, rest[1:]
    elif rest[0] not in ("self", "super") and rest[0] not in module.children and rest[0] not in module.names:
        return None
    while rest and (rest[0] in ("self", "super") or rest[0] in here.children):
        step = rest.pop(0)
        here = here.children.get(step, (here.parent or here) if step == "super" else here)
    if not rest:
        return None
    if rest[0] not in here.names:
        return here
    if (here, rest[0]) in seen:
        return None
    return definer(root, here, here.names[rest[0]] + rest[1:], (*seen, (here, rest[0])))


def _named(module: Module) -> Iterator[list[str]]:
    for name, path in module.names.items():
        if name in module.private or re.search(rf"\b{name}\b", module.code):
            yield path
    for found in PATH.finditer(module.code):
        yield re.split(r"\s*::\s*", found[0])


def edges(source: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """(files, edges) of the crate whose sources lie in `source`. Raises ValueError when a file is not reached."""
    root = read(next(p for p in (source / "lib.rs", source / "main.rs") if p.exists()))

    def name(module: Module) -> str:
        return module.file.relative_to(source).as_posix()

    files = {name(module) for module in root.tree()}
    missed = {p.relative_to(source).as_posix() for p in source.rglob("*.rs")} - files
    if missed:
        raise ValueError(f"no mod reaches {sorted(missed)}")
    found = {
        (name(module), name(target))
        for module in root.tree()
        for path in _named(module)
        if (target := definer(root, module, path)) is not None
    }
    return files, {(a, b) for a, b in found if a != b}


def circles(pairs: set[tuple[str, str]]) -> set[frozenset[str]]:
    """Sets of files each of which reaches all others."""

    def reached(start: str) -> set[str]:
        out: set[str] = set()
        rest = [start]
        while rest:
            at = rest.pop()
            new = {b for a, b in pairs if a == at} - out
            out |= new
            rest.extend(new)
        return out

    reach = {a: reached(a) for pair in pairs for a in pair}
    return {frozenset(b for b in reach[a] if a in reach[b]) for a in reach if a in reach[a]}


def test_no_crate_has_a_circle_of_files() -> None:
    scanned = {p.parent.name: edges(p) for p in sorted(CRATES.glob("*/src"))}
    assert {"contract", "market", "engine", "backtest", "ffi"} <= scanned.keys()
    assert sum(len(files) for files, _ in scanned.values()) > 30
    assert sum(len(pairs) for _, pairs in scanned.values()) > 60
    assert ("parse/mod.rs", "config.rs") in scanned["contract"][1]
    for crate, (_, pairs) in scanned.items():
        found = circles(pairs)
        inside = {circle: sorted(p for p in pairs if circle.issuperset(p)) for circle in found}
        assert found == set(), f"{crate}: {inside}"


def _crate(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".rs")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


NOT_NAMED = """
/* crate::a::T /* nested */ crate::a::T */ // crate::a::T
fn f() -> &'static str { let _ = '"'; "crate::a::T" }
"""


@pytest.mark.parametrize(
    ("back", "found"),
    [
        pytest.param("use crate::a::T;", True, id="use"),
        pytest.param("use crate::{c, a::{U, T as V}};", True, id="nested-use"),
        pytest.param("use crate::T;", True, id="through-a-re-export"),
        pytest.param("use super::a;\nfn f() -> a::T { a::T }", True, id="through-an-imported-module"),
        pytest.param("fn f() -> crate::a::T { todo!() }", True, id="inline-path"),
        pytest.param('#[serde(with = "crate::a::t")] struct S;', True, id="path-in-an-attribute"),
        pytest.param("mod inner { mod deep { use super::super::super::a::T; } }", True, id="inside-an-inline-module"),
        pytest.param("mod a { pub struct T; }\nuse self::a::T;", False, id="an-inline-module-of-that-name"),
        pytest.param(
            "#[cfg(test)] mod tests { use crate::a::T; }\nfn g() -> crate::a::T { todo!() }", True, id="after"
        ),
        pytest.param("#[cfg(test)]\nmod tests { fn f() { if x {} } use crate::a::T; }", False, id="tests"),
        pytest.param(NOT_NAMED, False, id="comments-and-strings"),
        pytest.param("use super::a;", False, id="module-alone"),
        pytest.param("use other::a::T;", False, id="another-crate"),
    ],
)
def test_a_planted_circle_is_found(tmp_path: Path, back: str, found: bool) -> None:
    lib = "mod a;\nmod b;\nmod c;\npub use a::T;\n"
    source = _crate(tmp_path, lib=lib, a="use crate::b::S;\npub struct T;", b=f"pub struct S;\n{back}", c="")
    _, pairs = edges(source)
    assert ("a.rs", "b.rs") in pairs
    assert circles(pairs) == ({frozenset({"a.rs", "b.rs"})} if found else set())


def test_a_parent_that_only_declares_and_re_exports_is_in_no_circle(tmp_path: Path) -> None:
    child = "use super::Common;\npub struct T;"
    quiet = "mod a;\npub use a::T;\npub struct Common;"
    source = _crate(tmp_path, lib="mod p;", p__mod=quiet, p__a=child)
    assert edges(source)[1] == {("p/a.rs", "p/mod.rs")}
    source = _crate(tmp_path, p__mod=quiet + "\nfn f() -> T { T }")
    assert circles(edges(source)[1]) == {frozenset({"p/a.rs", "p/mod.rs"})}


def test_a_circle_over_three_files_is_one_circle(tmp_path: Path) -> None:
    a, b, c = (f"fn f() {{ crate::{to}::f() }}" for to in "bca")
    source = _crate(tmp_path, lib="mod a; mod b; mod c; mod d;", a=a, b=b, c=c, d="use crate::a::f;")
    assert circles(edges(source)[1]) == {frozenset({"a.rs", "b.rs", "c.rs"})}


@pytest.mark.parametrize(
    ("lib", "says"),
    [
        ("mod a; use a::*;", "the glob a::\\*"),
        ('#[path = "a.rs"] mod other;', "a path attribute"),
        ("struct S;", "no mod reaches"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, lib: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        edges(_crate(tmp_path, lib=lib, a=""))
