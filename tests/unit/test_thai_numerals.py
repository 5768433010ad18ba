import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.thai.numerals import NotANumberError, has_thai_digits, parse_int, to_arabic, to_thai


def test_the_roll_of_the_letters_is_read_in_thai_numerals() -> None:
    assert parse_int("๑๐,๐๐๒") == 10_002


@given(st.integers(min_value=0, max_value=10**30))
def test_every_number_survives_being_written_in_thai(number: int) -> None:
    assert parse_int(to_thai(number)) == number
    assert parse_int(to_thai(f"{number:,}")) == number
    assert has_thai_digits(to_thai(number))


@given(st.text())
def test_only_digits_change(text: str) -> None:
    assert to_arabic(to_thai(text)) == to_arabic(text)
    assert len(to_thai(text)) == len(text)
    assert not has_thai_digits(to_arabic(text))


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "1.5", "1,00", "1000,000", ",1", "1,", "1 000", "สิบ", "²", "٣", "१", "1_000", "0x1"]
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumberError) as refused:
        parse_int(text)
    assert refused.value.text == text
