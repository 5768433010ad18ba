"""Ratios of our code to a raw loop in the same run: `make bench`, or `python -m tests.bench [name …]`."""
