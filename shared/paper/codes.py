"""QR codes as the squares they are made of: vectors print sharp at any size."""

import segno

QUIET: int = 4
"""Modules of white around a code that a reader needs (ISO/IEC 18004)."""


def squares(text: str) -> tuple[int, list[tuple[int, int, int]]]:
    """How many modules a side has, quiet zone included, and its dark runs as (column, row, length).

    Error correction M: an eighth of the code may be soiled or folded.
    """
    code = segno.make_qr(text, error="m", boost_error=False)
    runs: list[tuple[int, int, int]] = []
    side = 0
    for row, modules in enumerate(code.matrix_iter(border=QUIET)):
        line = bytes(modules)
        side, column = len(line), 0
        while column < side:
            start = column
            while column < side and line[column]:
                column += 1
            if column > start:
                runs.append((start, row, column - start))
            column += 1
    return side, runs
