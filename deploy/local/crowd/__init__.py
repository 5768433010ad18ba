"""A crowd of simulated offices."""
