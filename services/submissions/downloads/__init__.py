"""Reports go out: one by a link that lives for minutes, many in an archive that says what each of them is."""
