"""When a credential goes wrong: rotated, revoked, or opened once more after its one reveal was lost."""
