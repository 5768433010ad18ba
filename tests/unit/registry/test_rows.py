"""The rules of a row, whatever stands in its cells."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.registry.roll import places
from services.registry.roll.findings import Reason, verdict_of
from services.registry.roll.headers import CANONICAL, FIELDS, REQUIRED
from services.registry.roll.rows import RowReader, Understood
from services.registry.roll.sheets import Derived, Origin
from shared.thai.numerals import to_thai
from tests.unit.registry.files import SOUND

YEAR = 2569
GOOD = {field: SOUND[CANONICAL[field]] for field in FIELDS}
WRITTEN = {field: str(value) for field, value in GOOD.items()}


def understood(**changes: object) -> Understood:
    return RowReader(YEAR).read(2, GOOD | changes)  # type: ignore[arg-type]


def said(found: Understood) -> object:
    return found.entry._replace(row=0) if found.entry else None


SOUND_ENTRY = said(understood())

ODD = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.sampled_from([*WRITTEN.values(), "=1+1", "-", "๒๕๖๓", "19.35, 97.96", "a@b.co"]),
    st.builds(Derived, st.text(max_size=9), st.sampled_from(list(Origin)), st.none()),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ODD)))
@settings(deadline=None)
def test_any_row_is_an_entry_or_says_why_not(row):
    found = RowReader(YEAR).read(7, row)
    rejecting = [each for each in found.remarks if verdict_of(each.reason) == "rejected"]
    assert (found.entry is None) == bool(rejecting)
    assert found.verdict == ("rejected" if rejecting else "repaired" if found.remarks else "accepted")
    if found.entry:
        assert found.entry.code == found.code
        assert all(char in string.printable for char in found.entry.code + found.entry.lao_code)
        assert found.entry.subdistrict[:2] == found.entry.lao_code[1:3]
        assert (found.entry.latitude is None) == (found.entry.longitude is None)


@given(st.sampled_from(["code", "lao_code", "latitude", "longitude", "last_assessed"]))
def test_thai_numerals_mean_the_same_and_are_named(field):
    found = understood(**{field: to_thai(WRITTEN[field])})
    assert said(found) == SOUND_ENTRY
    assert {each.reason for each in found.remarks} == {Reason.THAI_NUMERALS}


@given(
    st.sampled_from(["name", "lao_name", "subdistrict", "district", "province"]),
    st.sampled_from(["\u200b", "\ufeff", "\u00ad", " ", "\t", "\u00a0"]),
    st.data(),
)
@example("name", "\u200b", None)
def test_what_nobody_sees_changes_nothing_and_is_named(field, invisible, data):
    text = WRITTEN[field]
    ends = invisible.isspace()
    at = 0 if data is None or ends else data.draw(st.integers(1, len(text) - 1))
    found = understood(**{field: text[:at] + invisible + text[at:]})
    assert said(found) == SOUND_ENTRY
    assert {each.reason for each in found.remarks} == {Reason.SPACE if ends else Reason.INVISIBLE}


@given(st.sampled_from(FIELDS), st.sampled_from([Origin.FORMULA, Origin.MERGED, Origin.FORMAT]))
def test_a_value_that_was_worked_out_counts_and_is_named(field, origin):
    found = understood(**{field: Derived(WRITTEN[field], origin, None)})
    assert said(found) == SOUND_ENTRY
    assert len(found.remarks) == 1
    assert found.remarks[0].field == field


@given(st.sampled_from(FIELDS), st.sampled_from([Origin.UNSAVED, Origin.ERROR]))
def test_a_value_that_nobody_knows_rejects_the_row_at_its_cell(field, origin):
    found = understood(**{field: Derived("=A1", origin, "=A1")})
    assert found.entry is None
    assert field in {each.field for each in found.remarks}


@given(st.sampled_from(REQUIRED), st.sampled_from([None, "", " ", "\u200b"]))
def test_what_must_be_there_and_is_not_is_named(field, nothing):
    found = understood(**{field: nothing})
    assert found.entry is None
    assert (field, Reason.MISSING_VALUE) in {(each.field, each.reason) for each in found.remarks}


@given(st.sampled_from(sorted(set(FIELDS) - set(REQUIRED))), st.sampled_from([None, "", "-", "ไม่มี"]))
def test_what_need_not_be_there_may_be_missing(field, nothing):
    both = {"latitude", "longitude"}
    changes = dict.fromkeys(both if field in both else [field], nothing)
    assert understood(**changes).verdict == "accepted"


EVERY = [
    (province, district, subdistrict)
    for province in places.provinces().values()
    for district in set(places.districts(province.code).values())
    for subdistrict in places.subdistricts(district.code).values()
]


@given(st.sampled_from(EVERY), st.sampled_from(["{}", "จ.{}", "จังหวัด {}"]), st.sampled_from(["{}", "อ.{}", "อำเภอ{}"]))
@settings(deadline=None)
def test_every_place_of_the_country_is_known_by_its_names(place, province_form, district_form):
    province, district, subdistrict = place
    found = understood(
        province=province_form.format(province.name),
        district=district_form.format(district.name),
        subdistrict=f"ต.{subdistrict.name}",
        lao_code=f"6{district.code}01",
    )
    assert found.verdict == "accepted", found.remarks
    assert found.entry is not None
    assert found.entry.subdistrict == subdistrict.code


@given(st.sampled_from(sorted({district.code for _, district, _ in EVERY})), st.data())
@settings(deadline=None)
def test_a_letter_too_few_or_too_many_still_finds_the_district(code, data):
    among = places.districts(code[:2])
    key = next(name for name, place in among.items() if place.code == code and name != "เมือง")
    at = data.draw(st.integers(0, len(key) - 1))
    misspelt = data.draw(st.sampled_from([key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:]]))
    near = places.nearest(misspelt, frozenset(among))
    if len(key) >= 6 and misspelt not in among:
        assert key in near or all(places.nearest(name, frozenset({key, name})) for name in near)
        assert near


@pytest.mark.parametrize(
    ("changes", "field", "reason", "suggestion"),
    [
        ({"district": "เมืองแม่ฮองสอน"}, "district", Reason.UNKNOWN_DISTRICT, "เมืองแม่ฮ่องสอน"),
        ({"district": "แม่สะเรียงง"}, "district", Reason.UNKNOWN_DISTRICT, "แม่สะเรียง"),
        ({"district": "แม่ริม"}, "district", Reason.UNKNOWN_DISTRICT, "อำเภอแม่ริม จังหวัดเชียงใหม่"),
        ({"province": "แม่ฮ่องสอง"}, "province", Reason.UNKNOWN_PROVINCE, "แม่ฮ่องสอน"),
        ({"province": "อยุธยา"}, "province", Reason.UNKNOWN_PROVINCE, "พระนครศรีอยุธยา"),
        ({"province": "กรุงเทพมหานคร"}, "province", Reason.UNKNOWN_PROVINCE, None),
        ({"subdistrict": "ปางหมุ"}, "subdistrict", Reason.UNKNOWN_SUBDISTRICT, "ปางหมู"),
        ({"subdistrict": "เวียงใต้"}, "subdistrict", Reason.UNKNOWN_SUBDISTRICT, "ตำบลเวียงใต้ อำเภอปาย"),
        ({"lao_code": "6500101"}, "lao_code", Reason.LAO_CODE_CONTRADICTS_PLACE, "อำเภอเมืองเชียงใหม่ จังหวัดเชียงใหม่"),
        ({"lao_code": "6589901"}, "lao_code", Reason.LAO_CODE_CONTRADICTS_PLACE, None),
        ({"latitude": "97.96", "longitude": "19.35"}, "latitude", Reason.SWAPPED_COORDINATES, "19.35, 97.96"),
        ({"email": "c 1@center.example"}, "email", Reason.BAD_EMAIL, "c1@center.example"),
        ({"last_assessed": "63"}, "last_assessed", Reason.BAD_YEAR, "2563"),
        ({"code": "00 0000 0001"}, "code", Reason.BAD_CENTER_CODE, "0000000001"),
    ],
)
def test_a_rejected_cell_comes_with_what_was_probably_meant(changes, field, reason, suggestion):
    found = understood(**changes)
    assert (field, reason, suggestion) in {(each.field, each.reason, each.suggestion) for each in found.remarks}


def test_a_center_whose_row_is_rejected_is_still_known_by_its_code():
    assert understood(district="ฟากฟ้าไกล").code == "0000000001"
    assert understood(code="5.80E+09").code is None
