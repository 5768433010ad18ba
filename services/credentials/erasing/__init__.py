"""A holder erased: its keys destroyed, so that its secrets open for nobody any more, in no copy of the database."""
