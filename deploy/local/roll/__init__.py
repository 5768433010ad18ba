"""A realistic national roll of child development centers, for demonstrations, tests and benchmarks."""

from deploy.local.roll.generator import COLUMNS, Roll, RollRow, generate

__all__ = ["COLUMNS", "Roll", "RollRow", "generate"]
