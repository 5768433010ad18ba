"""What ONESQA runs to hand its passwords to the vault, and what an operator of the vault runs."""
