"""Every server of a stack, behind one small protocol."""
