"""Operators' commands: look at events, settle dead letters, rebuild projections, check the audit chains."""
