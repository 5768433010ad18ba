from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.domain import Center, Organization
from services.registry.tree.orders import (
    Close,
    Merge,
    Move,
    OpenCenter,
    OpenOrganization,
    Order,
    Refused,
    Rename,
    Split,
    Words,
    order_id,
)
from services.registry.tree.orders import (
    given as order_given,
)
from services.registry.tree.rights import may_order
from services.registry.tree.rules import check, closed, hung, opened, placed, renamed, split_off
from shared.security.principals import Principal, Role

TODAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, tzinfo=UTC)
DEPARTMENT = Principal("d", Role.DEPARTMENT, "00")


def organization(code: str, kind: str, path: Sequence[str], **more: object) -> Organization:
    parent = path[-2] if len(path) > 1 else None
    said = {"code": code, "kind": kind, "name": code, "parent": parent, "path": tuple(path), "order": code}
    return Organization.model_validate(said | more)


def center(code: str, lao: str = "6580101", **more: object) -> Center:
    path = NODES[lao].path
    return Center.model_validate(
        {"code": code, "name": code, "lao": lao, "path": path, "subdistrict": "580101", "order": code} | more
    )


NODES: dict[str, Organization | Center] = {
    "00": organization("00", "department", ["00"]),
    "58": organization("58", "province", ["00", "58"]),
    "50": organization("50", "province", ["00", "50"]),
    "5801": organization("5801", "district", ["00", "58", "5801"]),
    "5803": organization("5803", "district", ["00", "58", "5803"]),
    "6580101": organization("6580101", "lao", ["00", "58", "5801", "6580101"]),
    "6580301": organization("6580301", "lao", ["00", "58", "5803", "6580301"]),
    "gone": organization("gone", "lao", ["00", "58", "5803", "gone"], state="closed", successor="6580301"),
    "young": organization("young", "lao", ["00", "58", "5803", "young"], valid_from=TODAY - timedelta(days=5)),
}
NODES["c1"] = center("c1")
NODES["c2"] = center("c2", "6580301")


def order(subject: str, words: Words, *, effective: date = TODAY) -> Order:
    about = "center" if subject.startswith("c") else "organization"
    return order_given(
        about,  # type: ignore[arg-type]
        subject,
        words,
        effective=effective,
        reason="ทดสอบ",
        path=("00",),
        by=DEPARTMENT,
        before=None,
        now=NOW,
    )


def fault(subject: str, words: Words, *, children: int = 0, effective: date = TODAY) -> str | None:
    refused = check(order(subject, words, effective=effective), NODES, children=children, today=TODAY)
    return refused.fault if refused else None


@pytest.mark.parametrize(
    ("subject", "words", "why"),
    [
        ("6580101", Rename(name="ใหม่"), None),
        ("6580101", Rename(name="6580101"), "nothing_to_do"),
        ("none", Rename(name="ใหม่"), "node_unknown"),
        ("gone", Rename(name="ใหม่"), "node_closed"),
        ("6580101", Move(to="5803"), None),
        ("6580101", Move(to="5801"), "nothing_to_do"),
        ("6580101", Move(to="58"), "wrong_parent"),
        ("6580101", Move(to="c1"), "wrong_parent"),
        ("5801", Move(to="50"), None),
        ("5801", Move(to="5803"), "wrong_parent"),
        ("00", Move(to="58"), "wrong_parent"),
        ("c1", Move(to="6580301"), None),
        ("c1", Move(to="gone"), "node_closed"),
        ("c1", Move(to="5801"), "wrong_parent"),
        ("6580101", Merge(sources=("6580301",)), None),
        ("6580101", Merge(sources=("6580101",)), "same_node"),
        ("6580101", Merge(sources=("5801",)), "kinds_differ"),
        ("6580101", Merge(sources=("c1",)), "kinds_differ"),
        ("c1", Merge(sources=("c2",)), None),
        ("c1", Merge(sources=("6580301",)), "kinds_differ"),
        ("6580101", Split(code="6580199", name="ใหม่", children=("c1",)), None),
        ("6580101", Split(code="gone", name="ใหม่", children=("c1",)), "code_retired"),
        ("6580101", Split(code="c2", name="ใหม่", children=("c1",)), "code_taken"),
        ("6580101", Split(code="6580199", name="ใหม่", children=("c2",)), "not_its_child"),
        ("00", Split(code="6580199", name="ใหม่", children=("58",)), "kinds_differ"),
        ("c1", Split(code="6580199", name="ใหม่", children=("c2",)), "kinds_differ"),
        ("c1", Close(), None),
        ("6580199", OpenOrganization(level="lao", name="ใหม่", parent="5801"), None),
        ("6580199", OpenOrganization(level="lao", name="ใหม่", parent="58"), "wrong_parent"),
        ("gone", OpenOrganization(level="lao", name="ใหม่", parent="5801"), "code_retired"),
        ("c1", OpenCenter(name="ใหม่", lao="6580101", subdistrict="580101"), "code_taken"),
        ("c9", OpenCenter(name="ใหม่", lao="5801", subdistrict="580101"), "wrong_parent"),
        ("c9", OpenCenter(name="ใหม่", lao="6580101", subdistrict="580101"), None),
    ],
)
def test_what_the_tree_allows(subject: str, words: Words, why: str | None) -> None:
    assert fault(subject, words) == why


def test_an_organization_ends_only_when_nothing_hangs_under_it() -> None:
    assert fault("6580101", Close(), children=2) == "not_empty"
    assert fault("6580101", Close(), children=0) is None


def test_a_day_may_lie_before_what_is_merely_named_but_not_before_the_last_change() -> None:
    before = TODAY - timedelta(days=9)
    assert fault("young", Rename(name="ใหม่"), effective=before) == "too_early"
    assert fault("c1", Move(to="young"), effective=before) == "too_early"  # it did not exist then
    assert fault("6580101", Merge(sources=("young",)), effective=before) == "too_early"
    NODES["named"] = renamed(NODES["6580301"], "ใหม่", order("6580301", Rename(name="ใหม่")))
    assert fault("c1", Move(to="named"), effective=before) is None
    assert fault("6580101", Rename(name="ใหม่"), effective=TODAY + timedelta(days=400)) == "too_late"


def test_what_an_order_makes_of_a_node() -> None:
    lao, survivor = NODES["6580101"], NODES["6580301"]
    assert isinstance(lao, Organization)
    assert isinstance(survivor, Organization)
    merge = order("6580301", Merge(sources=("6580101",)))
    ended = closed(lao, "6580301", merge)
    assert (ended.state, ended.successor, ended.change, ended.past[0].state) == (
        "closed",
        "6580301",
        merge.id,
        "active",
    )
    child = NODES["c1"]
    assert isinstance(child, Center)
    adopted = hung(child, survivor, merge)
    assert (adopted.lao, adopted.path, adopted.past[0].parent) == ("6580301", survivor.path, "6580101")
    split = Split(code="6580199", name="ใหม่", children=("c1",))
    made = split_off(order("6580101", split), split, lao, NODES["5801"])  # type: ignore[arg-type]
    assert (made.kind, made.path, made.valid_from) == ("lao", ("00", "58", "5801", "6580199"), TODAY)
    new = opened(order("c9", OpenCenter(name="ใหม่", lao="6580101", subdistrict="580101")), lao)
    assert (new.path, new.valid_from) == (lao.path, TODAY)


def test_a_path_follows_and_leaves_no_past() -> None:
    parent = organization("5801", "district", ["00", "50", "5801"])
    lao = NODES["6580101"]
    assert isinstance(lao, Organization)
    assert placed(lao, parent).path == ("00", "50", "5801", "6580101")
    assert placed(lao, parent).past == ()
    assert placed(placed(lao, parent), parent) == placed(lao, parent)


WORDS = st.sampled_from(
    [
        Rename(name="ใหม่"),
        Move(to="5803"),
        Move(to="6580301"),
        Merge(sources=("6580301",)),
        Merge(sources=("c2",)),
        Split(code="6580199", name="ใหม่", children=("c1",)),
        Close(),
        OpenOrganization(level="lao", name="ใหม่", parent="5801"),
        OpenCenter(name="ใหม่", lao="6580101", subdistrict="580101"),
    ]
)


@settings(deadline=None)
@given(WORDS, st.sampled_from([*NODES, "c9", "none"]), st.integers(-400, 500), st.integers(0, 3))
def test_any_order_is_allowed_or_refused_for_one_of_the_codes_it_names(
    words: Words, subject: str, days: int, children: int
) -> None:
    given = order(subject, words, effective=TODAY + timedelta(days=days))
    refused = check(given, NODES, children=children, today=TODAY)
    if refused is None:
        assert all(node.state == "active" for code, node in NODES.items() if code == subject)
    else:
        assert isinstance(refused, Refused)
        assert refused.code


def test_an_order_is_known_by_its_words_and_by_the_order_before() -> None:
    def number(**changes: object) -> str:
        said = {"subject": "c1", "words": Rename(name="ก"), "effective": TODAY, "before": None} | changes
        return order_id("center", said["subject"], said["words"], said["effective"], said["before"])  # type: ignore[arg-type]

    assert number() == number()
    others = [
        number(words=Rename(name="ข")),
        number(effective=TODAY + timedelta(1)),
        number(before="x"),
        number(subject="c"),
    ]
    assert len({number(), *others}) == 5


PROVINCE = Principal("p", Role.PROVINCE, "58")


@pytest.mark.parametrize(
    ("by", "about", "words", "named", "may"),
    [
        (DEPARTMENT, "organization", Close(), ["58"], True),
        (PROVINCE, "center", Close(), ["c1"], True),
        (PROVINCE, "center", Move(to="6580301"), ["c1", "6580301"], True),
        (PROVINCE, "organization", Rename(name="ก"), ["6580101"], True),
        (PROVINCE, "organization", Rename(name="ก"), ["5801"], False),
        (PROVINCE, "organization", Move(to="5803"), ["6580101", "5803"], False),
        (Principal("p", Role.PROVINCE, "50"), "center", Close(), ["c1"], False),
        (Principal("p", Role.PROVINCE, "00"), "center", Close(), ["c1"], False),
        (Principal("p", Role.DISTRICT, "5801"), "center", Close(), ["c1"], False),
        (Principal("p", Role.AUDITOR, "00"), "center", Close(), ["c1"], False),
        (PROVINCE, "center", Close(), [], False),
    ],
)
def test_who_may_give_which_order(by: Principal, about: str, words: Words, named: list[str], may: bool) -> None:
    assert may_order(by, about, words, [NODES[code] for code in named]) is may  # type: ignore[arg-type]
