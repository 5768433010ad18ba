"""Submissions follow their centers: into the center that one was merged into, and under other offices."""
