"""Squares of the map, and marks that tell one question from another."""

import pytest

from services.registry.reading.filters import Box, Filter, NoBox, read_box


def test_a_box_is_west_south_east_north():
    assert read_box("97.3, 18.9,98.4,19.9") == Box(97.3, 18.9, 98.4, 19.9)


def test_a_point_is_a_box():
    assert read_box("98,19,98,19") == Box(98, 19, 98, 19)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "four numbers"),
        ("1,2,3", "four numbers"),
        ("1,2,3,4,5", "four numbers"),
        ("a,b,c,d", "four numbers"),
        ("nan,1,2,3", "four numbers"),
        ("97,18,inf,19", "four numbers"),
        ("97,18,181,19", "degrees"),
        ("18.9,97.3,19.9,98.4", "degrees"),
        ("98.4,18.9,97.3,19.9", "order"),
        ("97.3,19.9,98.4,18.9", "order"),
    ],
)
def test_what_is_no_box_says_why(text, fault):
    assert read_box(text) == NoBox(fault)


def test_another_question_has_another_mark():
    asked = [
        Filter("00"), Filter("58"), Filter("00", round="r"), Filter("00", state="closed"), Filter("00", words="r"),
        Filter("00", box=Box(1, 2, 3, 4)), Filter("00", near=False), Filter("00", owed=False), Filter("00", itself="5"),
    ]  # fmt: skip
    assert len({each.mark() for each in asked}) == len(asked)
    assert Filter("00", round="r").mark() == Filter("00", round="r").mark()
