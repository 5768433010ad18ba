"""A receipt's short code: the same for the same bytes, and forgiving to people who copy it by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.submissions.receipts.codes import read_receipt_code, receipt_code

SHA = "ab" * 32


def test_the_same_bytes_from_the_same_center_have_the_same_code() -> None:
    assert receipt_code("2569", "c1", SHA) == receipt_code("2569", "c1", SHA)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_code_has_twelve_characters_that_nobody_misreads(round_: str, center: str) -> None:
    code = receipt_code(round_, center, SHA)
    assert len(code) == 12
    assert set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_another_round_center_or_file_has_another_code() -> None:
    codes = {
        receipt_code("2569", "c1", SHA),
        receipt_code("2570", "c1", SHA),
        receipt_code("2569", "c2", SHA),
        receipt_code("2569", "c1", "cd" * 32),
    }
    assert len(codes) == 4


@given(st.text(max_size=8), st.integers(0, 3))
def test_a_code_is_understood_as_people_write_it(center: str, dashes: int) -> None:
    code = receipt_code("2569", center, SHA)
    parts = [code[i : i + 4] for i in range(0, 12, 4)]
    written = ("-" * dashes or " ").join(parts).lower().replace("0", "o").replace("1", "l")
    assert read_receipt_code(written) == code
