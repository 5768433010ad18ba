"""Receipts: made once, signed, found again by a short code, checked by anybody."""
