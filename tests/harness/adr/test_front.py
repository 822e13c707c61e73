"""Front matter: strict types with the key at fault, and YAML that does no harm."""

from __future__ import annotations

import time

import pytest

from parity.harness.adr.front import Front, FrontMatterError, SwitchFront, read

PLAIN = "status: accepted\ndate: 2026-11-22\n"
SWITCH = (
    PLAIN + 'switch: exit_gap\nv1: "the level"\nv2: the open\naffects: [trades, balance]\n'
    "witness: parity/cases/switch__exit_gap.json\nmigration: nothing\neffect:\n"
    "  - {field: trades.exit_price, order: 0, v1: 1.0981, v2: 1.097, change: -0.0011, precision: 0.0000001}\n"
    "  - {field: balance, v1: 9900.0, v2: 9845.0, change: -55.0, precision: 0.01}\n"
)


def test_both_kinds_are_read() -> None:
    assert type(read(PLAIN)) is Front
    front = read(SWITCH)
    assert isinstance(front, SwitchFront)
    assert [change.change for change in front.effect] == [-0.0011, -55.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLAIN + "colour: red\n", "unknown field `colour`"),
        ("date: 2026-11-22\n", "missing required field `status`"),
        ("status: fine\ndate: 2026-11-22\n", "status: Invalid enum value 'fine'"),
        ("status: accepted\ndate: yesterday\n", "date: "),
        ("status: accepted\ndate: 2026-13-40\n", "is no YAML"),
        (PLAIN + "superseded_by: 3\n", "superseded_by: stands with status superseded"),
        ("status: superseded\ndate: 2026-11-22\n", "superseded_by: stands with status superseded"),
        (SWITCH.replace("order: 0", "order: zero"), "effect[0].order: Expected `int | null`, got `str`"),
        (SWITCH.replace("order: 0", "order: 0.0"), "effect[0].order: Expected `int | null`"),
        (SWITCH.replace("order: 0", "sign: other"), "effect[0]: Object contains unknown field `sign`"),
        (SWITCH.replace("v1: 9900.0", "v1: true"), "effect[1].v1: "),
        (SWITCH.replace("precision: 0.01", "precision: 1e-2"), "effect[1].precision: "),
        (SWITCH.replace("change: -55.0", "change: 55.0"), "effect[1] (balance): change must be -55"),
        (SWITCH.replace("[trades, balance]", "[trades]"), "affects: names each part once"),
        (SWITCH.replace("[trades, balance]", "[trades, balance, nonsense]"), "affects[2]: Invalid enum value"),
        (SWITCH.replace("parity/cases/", "/tmp/"), "witness: is a case of this repository"),
        (SWITCH.replace("parity/cases/", "parity/cases/../"), "witness: is a case of this repository"),
        (SWITCH.replace("migration: nothing", "migration: ''"), "migration: is empty"),
        (SWITCH.replace("field: balance", "field: trades.exit_price, order: 0"), "stands twice"),
        (SWITCH[: SWITCH.index("effect:")] + "effect: []\n", "effect: lists nothing"),
        (PLAIN + "status: accepted\n", "status stands twice"),
        ("[]", "Expected `object`, got `array`"),
        ("", "Expected `object`, got `null`"),
        ("status: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(text: str, words: str) -> None:
    with pytest.raises(FrontMatterError) as caught:
        read(text)
    assert words in str(caught.value)


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "anchors, aliases and tags"),
        ("status: !!python/object/apply:os.system [ls]\n", "anchors, aliases and tags"),
        ("status: " + "[" * 5000 + "]" * 5000, "levels of nesting"),
        ("status: " + "x" * 40_000, "more than 32768 bytes"),
        ("number: " + "9" * 20_000, "is no YAML"),
        ("status: \x00", "is no YAML"),
    ],
)
def test_hostile_yaml_is_refused_at_once(text: str, words: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FrontMatterError) as caught:
        read(text)
    assert words in str(caught.value)
    assert time.perf_counter() - began < 2.0
