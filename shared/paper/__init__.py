"""Paper of the chain: official A4 sheets in Thai with QR codes. Pure functions: words and a time in, PDF bytes out."""

from shared.paper.lines import wrap
from shared.paper.sheet import Paper

__all__ = ["Paper", "wrap"]
