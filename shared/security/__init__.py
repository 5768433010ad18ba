"""Principals, tokens, scope, redaction and the audit chain."""
