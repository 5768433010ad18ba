"""What the vault tells holders by mail itself: codes, alarms, and what others did to their credential."""
