"""The five-year rule, and what it proposes."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.due.proposing import Proposal, propose
from services.registry.due.rules import Candidate, due_year, explain, standing, years_over

YEAR = 2569


@pytest.mark.parametrize(
    ("last", "stands"),
    [
        (None, "never"),
        (2560, "overdue"),
        (2563, "overdue"),
        (2564, "due"),
        (2565, "early"),
        (2569, "early"),
        (2571, "early"),
    ],
)
def test_five_years_after_the_last_assessment(last, stands):
    assert standing(last, YEAR) == stands


def test_who_was_never_assessed_counts_from_its_opening():
    assert due_year(None) is None
    assert due_year(None, 2566) == 2571
    assert years_over(Candidate("c", "58", None, 2566), YEAR) == -2
    assert years_over(Candidate("c", "58", None), YEAR) is None


@pytest.mark.parametrize(
    ("last", "opened", "thai", "english"),
    [
        (2562, None, "เกินกำหนดห้าปีมาแล้ว ๒ ปี", "overdue by 2"),
        (2564, None, "ต้องประเมินปีนี้", "due this year"),
        (2566, None, "ก่อนกำหนด ๒ ปี", "2 early"),
        (None, None, "ไม่พบว่าเคยได้รับการประเมินภายนอก", "No assessment is known"),
        (None, 2560, "เปิดในปีงบประมาณ ๒๕๖๐", "Opened in FY 2560"),
    ],
)
def test_each_is_told_why(last, opened, thai, english):
    said = explain(last, opened, YEAR)
    assert thai in said[0]
    assert english in said[1]


def urgency(candidate: Candidate) -> int:
    over = years_over(candidate, YEAR)
    return 10_000 if over is None else over


YEARS = st.one_of(st.none(), st.integers(2555, 2570))
CANDIDATES = st.lists(
    st.tuples(
        st.sampled_from(["50", "57", "58"]),
        YEARS,
        st.one_of(st.none(), st.integers(2560, 2569)),
        st.sampled_from([False, False, True]),
    ),
    max_size=40,
).map(lambda rows: [Candidate(f"c{n:02}", *row) for n, row in enumerate(rows)])


@settings(deadline=None)
@given(CANDIDATES, st.integers(0, 50), st.booleans())
def test_never_more_than_there_is_room_for_and_nobody_twice(candidates, capacity, early):
    made = propose(candidates, YEAR, capacity, include_early=early)
    codes = [entry.code for entry in made.entries]
    assert len(codes) == len(set(codes)) <= capacity
    assert [entry.rank for entry in made.entries] == list(range(1, len(codes) + 1))
    fit = [one for one in candidates if not one.owes and (early or urgency(one) >= 0)]
    assert set(codes) <= {one.code for one in fit}, "who owes in another round is assessed there"
    assert made.owing == sum(one.owes for one in candidates)
    assert len(codes) == min(capacity, len(fit)), "room is left only when nobody fits"


@settings(deadline=None)
@given(CANDIDATES, st.integers(0, 50), st.booleans())
def test_nobody_is_left_out_while_somebody_less_due_is_in(candidates, capacity, early):
    made = propose(candidates, YEAR, capacity, include_early=early)
    taken = {entry.code for entry in made.entries}
    inside = [urgency(one) for one in candidates if one.code in taken]
    left = [one for one in candidates if one.code not in taken and not one.owes]
    outside = [urgency(one) for one in left if early or urgency(one) >= 0]
    assert not inside or not outside or min(inside) >= max(outside)
    assert early or all(each >= 0 for each in inside)


@settings(deadline=None)
@given(CANDIDATES, st.integers(0, 50), st.randoms())
def test_the_order_they_come_in_means_nothing(candidates, capacity, chance: random.Random):
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    assert propose(shuffled, YEAR, capacity) == propose(candidates, YEAR, capacity)


@settings(deadline=None)
@given(CANDIDATES, st.integers(0, 49))
def test_more_room_takes_nobodys_place(candidates, capacity):
    less, more = propose(candidates, YEAR, capacity), propose(candidates, YEAR, capacity + 1)
    assert more.entries[: len(less.entries)] == less.entries


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([f"{n:02}" for n in range(10, 30)]), st.integers(1, 40), min_size=1), st.data())
def test_each_province_gets_its_share_of_the_room_for_equals(sizes, data):
    candidates = [Candidate(f"{p}-{n:02}", p, 2560) for p, size in sizes.items() for n in range(size)]
    capacity = data.draw(st.integers(0, len(candidates)))
    made = propose(candidates, YEAR, capacity)
    given_to = Counter(entry.province for entry in made.entries)
    # Webster: no province could hand a place to another and both come nearer to their share.
    for one, size in sizes.items():
        for other, theirs in sizes.items():
            if given_to[one]:
                assert (2 * given_to[one] - 1) * theirs <= (2 * given_to[other] + 1) * size


def test_a_proposal_says_how_many_there_are():
    made = propose([Candidate("a", "58", None), Candidate("b", "58", 2560), Candidate("c", "58", 2568)], YEAR, 1)
    assert isinstance(made, Proposal)
    assert made.there == {"never": 1, "overdue": 1, "due": 0, "early": 1}
    assert made.proposed == {"never": 1, "overdue": 0, "due": 0, "early": 0}
    assert made.entries[0].code == "a"
