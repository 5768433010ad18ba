from collections.abc import Iterable
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import Center, Entry, Organization
from services.registry.roll.diff import changes_of
from services.registry.roll.findings import Reason
from services.registry.roll.planning import RollPlan, codes_of, plan_leaving, plan_roll, with_zeros

PAI, MUEANG = "6580301", "6580103"
DAY, LATER = date(2026, 10, 1), date(2026, 11, 1)
Known = tuple[dict[str, Organization], dict[str, Center]]


def entry(code: str = "c1", lao: str = MUEANG, **changes: object) -> Entry:
    base = Entry(2, code, f"ศูนย์ {code}", lao, f"อบต. {lao}", None, "580104", 19.3, 97.9, f"{code}@center.example", 2563)
    return base._replace(**changes)  # type: ignore[arg-type]


def plan(entries: Iterable[Entry], known: Known = ({}, {}), round_id: str = "2569", **options: object) -> RollPlan:
    return plan_roll(round_id, entries, *known, DAY, **options)  # type: ignore[arg-type]


def after(entries: Iterable[Entry], known: Known = ({}, {}), round_id: str = "2569") -> Known:
    """What is known once a roll was brought in."""
    done = plan(entries, known, round_id)
    organizations, centers = known
    return (
        organizations | {change.after.code: change.after for change in done.organizations},
        centers | {change.after.code: change.after for change in done.centers},
    )


def told(entries: Iterable[Entry], known: Known) -> set[tuple[str, str, str | None, str | None]]:
    found = plan(entries, known)
    return {(each.kind, each.code, each.was, each.becomes) for each in changes_of(found, known[0], {})}


def test_a_first_roll_grows_the_tree_from_the_top():
    found = plan([entry()])
    assert [(change.after.kind, change.after.code, change.after.parent) for change in found.organizations] == [
        ("department", "00", None),
        ("province", "58", "00"),
        ("district", "5801", "58"),
        ("lao", MUEANG, "5801"),
    ]
    assert found.organizations[1].after.name == "จังหวัดแม่ฮ่องสอน"
    assert found.organizations[2].after.name == "อำเภอเมืองแม่ฮ่องสอน"
    (center,) = found.centers
    assert center.after.path == ("00", "58", "5801", MUEANG)
    assert center.after.rounds == ("2569",)
    assert found.unchanged == 0


def test_a_center_that_moved_is_told_from_where_to_where():
    known = after([entry()])
    said = told([entry(lao=PAI)], known)
    assert ("moved", "c1", f"{MUEANG} อบต. {MUEANG}", f"{PAI} อบต. {PAI}") in said
    assert {kind for kind, code, _, _ in said if code == "c1"} == {"moved"}


def test_a_move_and_a_new_name_are_kept_with_their_day():
    known = after([entry()])
    moved = plan_roll("2569", [entry(lao=PAI, name="ศูนย์ใหม่")], *known, LATER).centers[0].after
    assert (moved.valid_from, [past.parent for past in moved.past]) == (LATER, [MUEANG])
    assert [past.name for past in moved.past] == ["ศูนย์ c1"]


def test_what_changes_of_a_center_is_named():
    known = after([entry()])
    assert told([entry(email="new@center.example", last_assessed=2564)], known) == {
        ("changed", "c1", "ศูนย์ c1", "email last_assessed")
    }


def test_another_round_lists_a_known_center_and_keeps_the_first():
    found = plan([entry()], after([entry()]), "2574")
    assert found.centers[0].after.rounds == ("2569", "2574")
    assert {each.kind for each in changes_of(found, {}, {})} == {"listed"}


def test_an_empty_cell_takes_nothing_away():
    known = after([entry(lao_email="l@lao.example")])
    silent = entry(lao_email=None, latitude=None, longitude=None, email=None, last_assessed=None)
    assert plan([silent], known) == RollPlan((), (), 1)


def test_an_address_of_an_lao_may_stand_in_any_of_its_rows():
    found = plan([entry("c1"), entry("c2", lao_email="l@lao.example")])
    assert found.organizations[-1].after.email == "l@lao.example"


def test_an_lao_written_short_keeps_the_name_that_says_more():
    full, short = "องค์การบริหารส่วนตำบลปางหมู", "อบต.ปางหมู"
    known = after([entry(lao_name=full)])
    assert plan([entry(lao_name=short)], known) == RollPlan((), (), 1)
    known = after([entry(lao_name=full)], after([entry(lao_name=short)]))
    assert known[0][MUEANG].name == full


def test_a_renamed_lao_is_told():
    known = after([entry()])
    assert told([entry(lao_name="เทศบาลตำบลปางหมู")], known) == {
        ("organization_renamed", MUEANG, f"อบต. {MUEANG}", "เทศบาลตำบลปางหมู")
    }


def closed(known: Known, code: str, successor: str | None) -> Known:
    organizations, centers = known
    mark = {"state": "closed", "successor": successor}
    if code in centers:
        return organizations, centers | {code: centers[code].model_copy(update=mark)}
    return organizations | {code: organizations[code].model_copy(update=mark)}, centers


def test_a_closed_center_is_not_opened_again_by_a_roll():
    known = closed(after([entry(), entry("c2")]), "c1", "c2")
    found = plan([entry(), entry("c2")], known)
    (refusal,) = found.refused
    assert (refusal.field, refusal.reason, refusal.suggestion) == ("code", Reason.CENTER_CLOSED, "c2")
    assert (found.centers, found.unchanged) == ((), 1)


def test_a_closed_lao_takes_no_centers():
    known = closed(after([entry(), entry("c2", PAI)]), MUEANG, PAI)
    (refusal,) = plan([entry("c3")], known).refused
    assert (refusal.field, refusal.reason, refusal.suggestion) == ("lao_code", Reason.LAO_CLOSED, PAI)


def test_an_lao_that_an_order_moved_stays_where_it_is():
    organizations, centers = after([entry()])
    moved = organizations[MUEANG].model_copy(update={"parent": "5803", "path": ("00", "58", "5803", MUEANG)})
    found = plan([entry(), entry("c2")], (organizations | {MUEANG: moved}, centers))
    assert found.organizations == ()
    assert {change.after.path for change in found.centers} == {("00", "58", "5803", MUEANG)}


def test_a_code_that_lost_its_zeros_is_no_new_center():
    known = after([entry("0012345678")])
    (refusal,) = plan([entry("12345678", name="ศูนย์ 0012345678")], known).refused
    assert (refusal.reason, refusal.suggestion) == (Reason.LOST_ZEROS, "0012345678")
    elsewhere = plan([entry("12345678", PAI, name="ศูนย์อื่น")], known)
    assert elsewhere.refused == ()


def test_codes_with_zeros_are_looked_for_only_where_zeros_may_be_missing():
    assert with_zeros("12345678901") == ["012345678901", "0012345678901"]
    assert with_zeros("0123") == with_zeros("CDC-1") == with_zeros("1234567890123") == []


def test_an_entry_that_comes_alone_changes_nothing_of_its_lao():
    known = after([entry(lao_email="l@lao.example")])
    other_name = plan([entry("c2", lao_name="เทศบาลอื่น")], known, alone=True)
    assert [(each.field, each.suggestion) for each in other_name.refused] == [("lao_name", f"อบต. {MUEANG}")]
    other_address = plan([entry("c2", lao_email="x@lao.example")], known, alone=True)
    assert [(each.field, each.suggestion) for each in other_address.refused] == [("lao_email", None)]
    assert plan([entry("c2")], known, alone=True).refused == ()


def test_entries_that_come_alone_contradict_each_other_in_their_order():
    found = plan([entry("c1"), entry("c2", lao_name="เทศบาลอื่น")], alone=True)
    assert [each.entry.code for each in found.refused] == ["c2"]


def test_leaving_a_round_is_leaving_no_other():
    _, centers = after([entry()], after([entry()], round_id="2574"))
    (change,) = plan_leaving("2569", centers.values())
    assert change.after.rounds == ("2574",)
    assert plan_leaving("2600", centers.values()) == ()


def test_the_codes_of_a_roll_are_all_it_may_touch():
    assert codes_of([entry()]) == ({"00", "58", "5801", MUEANG}, {"c1"})
    assert codes_of([entry("123456789012")])[1] == {"123456789012", "0123456789012"}


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
    known = after(second, after(first))
    assert plan(second, known) == RollPlan((), (), len(second))


@given(ENTRIES, ENTRIES, st.integers(1, 8))
def test_a_roll_taken_in_parts_comes_to_the_same(first, second, size):
    known = after(first)
    whole, parts = after(second, known), known
    for start in range(0, len(second), size):
        parts = after(second[start : start + size], parts)
    assert parts == whole


@given(ENTRIES, ENTRIES)
def test_everything_that_changes_is_told_once_and_nothing_else(first, second):
    known = after(first)
    found = plan(second, known)
    said = list(changes_of(found, known[0], {}))
    assert len({(each.kind, each.code) for each in said}) == len(said)
    told_codes = {each.code for each in said if not each.kind.startswith("organization")}
    assert told_codes == {change.after.code for change in found.centers}
    assert len(told_codes) + found.unchanged == len(second)


@given(ENTRIES)
def test_every_node_has_its_parent_and_parents_come_first(entries):
    found = plan(entries)
    seen: set[str] = set()
    for change in found.organizations:
        node = change.after
        assert node.parent is None or node.parent in seen
        assert node.path[-1] == node.code
        seen.add(node.code)
    assert {change.after.lao for change in found.centers} <= seen


@given(ENTRIES, ENTRIES)
def test_a_plan_never_takes_a_center_off(first, second):
    _, centers = after(second, after(first))
    assert {each.code for each in (*first, *second)} == set(centers)
    assert all(center.rounds == ("2569",) for center in centers.values())
