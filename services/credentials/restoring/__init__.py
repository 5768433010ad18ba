"""A database restored from an older copy revives no claim: what the bus knows more of is taken over before serving."""
