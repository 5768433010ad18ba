from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import Center, Entry, Organization
from services.registry.roll.planning import RollPlan, codes_of, plan_roll

PAI, MUEANG = "6580301", "6580103"


def entry(code: str = "c1", lao: str = MUEANG, **changes: object) -> Entry:
    base = Entry(2, code, f"ศูนย์ {code}", lao, f"อบต. {lao}", None, "580104", 19.3, 97.9, f"{code}@center.example", 2563)
    return base._replace(**changes)  # type: ignore[arg-type]


def carried_out(
    plan: RollPlan, organizations: dict[str, Organization], centers: dict[str, Center]
) -> tuple[dict[str, Organization], dict[str, Center]]:
    return (
        organizations | {change.after.code: change.after for change in plan.organizations},
        centers | {change.after.code: change.after for change in plan.centers},
    )


def test_a_first_roll_grows_the_tree_from_the_top():
    plan = plan_roll("2569", [entry()], {}, {})
    assert [(change.after.kind, change.after.code, change.after.parent) for change in plan.organizations] == [
        ("department", "00", None),
        ("province", "58", "00"),
        ("district", "5801", "58"),
        ("lao", MUEANG, "5801"),
    ]
    assert plan.organizations[1].after.name == "จังหวัดแม่ฮ่องสอน"
    assert plan.organizations[2].after.name == "อำเภอเมืองแม่ฮ่องสอน"
    (center,) = plan.centers
    assert center.after.path == ("00", "58", "5801", MUEANG)
    assert center.after.rounds == ("2569",)
    assert (plan.added, plan.joining, plan.moved, plan.unchanged) == (1, 1, 0, 0)


def test_a_center_that_moved_is_told_from_one_that_is_new():
    known = carried_out(plan_roll("2569", [entry()], {}, {}), {}, {})
    plan = plan_roll("2569", [entry(lao=PAI)], *known)
    assert (plan.added, plan.moved, plan.joining, plan.already_listed) == (0, 1, 0, 1)


def test_another_round_lists_a_known_center_and_keeps_the_first():
    known = carried_out(plan_roll("2569", [entry()], {}, {}), {}, {})
    plan = plan_roll("2574", [entry()], *known)
    assert (plan.added, plan.joining) == (0, 1)
    assert plan.centers[0].after.rounds == ("2569", "2574")


def test_an_empty_cell_takes_nothing_away():
    known = carried_out(plan_roll("2569", [entry(lao_email="l@lao.example")], {}, {}), {}, {})
    silent = entry(lao_email=None, latitude=None, longitude=None, email=None, last_assessed=None)
    plan = plan_roll("2569", [silent], *known)
    assert plan == RollPlan((), (), 1)


def test_an_address_of_an_lao_may_stand_in_any_of_its_rows():
    plan = plan_roll("2569", [entry("c1"), entry("c2", lao_email="l@lao.example")], {}, {})
    assert plan.organizations[-1].after.email == "l@lao.example"


def test_the_codes_of_a_roll_are_all_it_may_touch():
    assert codes_of([entry()]) == ({"00", "58", "5801", MUEANG}, {"c1"})


ENTRIES = st.lists(
    st.builds(
        entry,
        st.sampled_from([f"c{n}" for n in range(8)]),
        st.sampled_from([PAI, MUEANG, "6570101", "2570101"]),
        email=st.sampled_from([None, "a@center.example"]),
        last_assessed=st.sampled_from([None, 2561, 2563]),
    ),
    max_size=8,
    unique_by=lambda each: each.code,
)


@given(ENTRIES, ENTRIES)
def test_the_same_roll_twice_changes_nothing_the_second_time(first, second):
    known = carried_out(plan_roll("2569", first, {}, {}), {}, {})
    known = carried_out(plan_roll("2569", second, *known), *known)
    assert plan_roll("2569", second, *known) == RollPlan((), (), len(second))


@given(ENTRIES)
def test_every_node_has_its_parent_and_parents_come_first(entries):
    plan = plan_roll("2569", entries, {}, {})
    seen: set[str] = set()
    for change in plan.organizations:
        node = change.after
        assert node.parent is None or node.parent in seen
        assert node.path[-1] == node.code
        seen.add(node.code)
    assert {change.after.lao for change in plan.centers} <= seen


@given(ENTRIES, ENTRIES)
def test_a_roll_never_takes_a_center_off(first, second):
    known = carried_out(plan_roll("2569", first, {}, {}), {}, {})
    _, centers = carried_out(plan_roll("2569", second, *known), *known)
    assert {each.code for each in (*first, *second)} == set(centers)
    assert all(center.rounds == ("2569",) for center in centers.values())
