"""Credentials follow their holders: into who carries on for a merged one, and under other offices."""
