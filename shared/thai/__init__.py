"""Thai text, numerals, dates and order. Pure: no I/O, nothing downloaded, nothing heavy imported."""
