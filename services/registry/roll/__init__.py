"""The roll: a sheet of selected centers, read, checked, compared with what is known, and brought in."""
