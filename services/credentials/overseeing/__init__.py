"""Blind relay: the tiers see where credentials stand in their part of the tree, and nothing that opens one."""
