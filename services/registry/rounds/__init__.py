"""Rounds: their deadlines, extensions, documents and the snapshot of their opening."""
