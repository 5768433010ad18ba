"""The subtree rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.security.principals import Principal, Role
from shared.security.scope import may_act, may_see

PATH = ("00", "58", "5801", "6580101")


def who(role: Role, org: str) -> Principal:
    return Principal("s", role, org)


@pytest.mark.parametrize(
    ("role", "org", "sees", "acts"),
    [
        (Role.DEPARTMENT, "00", True, True),
        (Role.OPERATOR, "00", True, True),
        (Role.AUDITOR, "00", True, False),
        (Role.ASSESSOR, "onesqa", True, False),
        (Role.PUBLISHER, "onesqa", False, False),
        (Role.PROVINCE, "58", True, True),
        (Role.PROVINCE, "57", False, False),
        (Role.PROVINCE, "00", False, False),
        (Role.DISTRICT, "5801", True, True),
        (Role.DISTRICT, "5802", False, False),
        (Role.LAO, "6580101", True, True),
        (Role.LAO, "6580102", False, False),
        (Role.CENTER, "c1", True, True),
        (Role.CENTER, "c2", False, False),
        (Role.CENTER, "6580101", False, False),
        (Role.CENTER, "58", False, False),
    ],
)
def test_each_role_reaches_its_own_branch(role: Role, org: str, sees: bool, acts: bool) -> None:
    assert may_see(who(role, org), PATH, "c1") is sees
    assert may_act(who(role, org), PATH, "c1") is acts


def test_a_center_does_not_see_its_organization() -> None:
    assert not may_see(who(Role.CENTER, "c1"), PATH)


@given(
    st.sampled_from(sorted(Role)),
    st.text("0158", max_size=5),
    st.lists(st.text("0158", max_size=5)),
    st.text(max_size=3),
)
def test_who_may_act_may_see(role: Role, org: str, path: list[str], center: str) -> None:
    principal = who(role, org)
    assert may_see(principal, path, center) or not may_act(principal, path, center)
