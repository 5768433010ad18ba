from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.domain import Center, Organization
from services.registry.tree.history import NotYet, as_of, dated, ends

FIRST = date(2025, 1, 1)
LAO = Organization(code="6580101", kind="lao", name="ก", parent="5801", path=("00", "58", "5801", "6580101"), order="x")
CENTER = Center(code="c1", name="ก", lao="6580101", path=LAO.path, subdistrict="580101", order="x")


def renamed(node: Organization, name: str, on: date, change: str | None = "o") -> Organization:
    return dated(node, node.model_copy(update={"name": name}), on, change)


def test_a_change_keeps_what_was_and_says_until_when() -> None:
    after = renamed(LAO, "ข", FIRST)
    assert (after.name, after.valid_from, after.change) == ("ข", FIRST, "o")
    assert [(span.name, span.valid_from, span.valid_to) for span in after.past] == [("ก", None, FIRST)]
    assert as_of(after, FIRST - timedelta(days=1)).name == "ก"  # type: ignore[union-attr]
    assert as_of(after, FIRST) == after
    assert ends(after, FIRST - timedelta(days=1)) == FIRST
    assert ends(after, FIRST) is None


def test_a_second_change_on_one_day_replaces_the_first() -> None:
    after = renamed(renamed(LAO, "ข", FIRST), "ค", FIRST, "p")
    assert [span.name for span in after.past] == ["ก"]
    assert (after.name, after.change) == ("ค", "p")


def test_the_past_is_never_rewritten() -> None:
    after = renamed(renamed(LAO, "ข", FIRST), "ค", FIRST - timedelta(days=30), "p")
    assert after.valid_from == FIRST


def test_an_address_has_no_history() -> None:
    after = dated(LAO, LAO.model_copy(update={"email": "l@lao.example"}), FIRST)
    assert (after.past, after.valid_from) == ((), None)


def test_what_is_dated_already_stays_as_it_is() -> None:
    after = renamed(LAO, "ข", FIRST)
    assert dated(LAO, after, FIRST + timedelta(days=9)) is after


def test_a_node_did_not_exist_before_it_was_opened() -> None:
    opened = LAO.model_copy(update={"valid_from": FIRST})
    assert as_of(opened, FIRST - timedelta(days=1)) == NotYet(FIRST)
    assert as_of(renamed(opened, "ข", FIRST + timedelta(days=5)), FIRST - timedelta(days=1)) == NotYet(FIRST)


def test_a_center_was_under_its_former_lao() -> None:
    moved = dated(CENTER, CENTER.model_copy(update={"lao": "6580102"}), FIRST, "o")
    then = as_of(moved, FIRST - timedelta(days=1))
    assert isinstance(then, Center)
    assert then.lao == "6580101"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("กขคง"), st.integers(0, 60)), max_size=12), st.integers(-5, 70))
def test_every_day_has_one_answer_and_spans_meet(changes: list[tuple[str, int]], asked: int) -> None:
    node = LAO
    said: dict[date, str] = {}
    for number, (name, days) in enumerate(changes):
        before = node
        node = renamed(node, name, FIRST + timedelta(days=days), f"o{number}")
        if node != before:
            assert node.valid_from is not None
            said = {on: what for on, what in said.items() if on < node.valid_from} | {node.valid_from: name}
    edges = [span.valid_to for span in node.past]
    assert edges == sorted(edges)
    assert [span.valid_from for span in node.past] + [node.valid_from] == [None, *edges]
    day = FIRST + timedelta(days=asked)
    then = as_of(node, day)
    held = [name for on, name in sorted(said.items()) if on <= day]
    assert not isinstance(then, NotYet)
    assert then.name == (held[-1] if held else "ก")
    until = ends(node, day)
    assert until is None or until > day
