"""Sealed batches: how the secrets of other systems come in, unread by anybody on the way."""
