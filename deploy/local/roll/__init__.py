"""A realistic national roll of child development centers, for demonstrations, tests and benchmarks."""
