"""When an inspection that came to no end is the file's own fault. Pure rules; times are seconds of one clock."""

from collections.abc import Mapping
from typing import Final

from services.submissions.domain import Count, Report
from services.submissions.inspecting.verdicts import Stalled

MOST_STALLS: Final = 3
"""A file that used most of its processor time and came to no end so often is at fault itself."""
MOST_KILLS: Final = 12
"""So is one whose inspection was killed so often while no other file's was. By the pauses between looks that takes more
than an hour: long enough for a machine to have memory again, and an end for a file that kills its own inspection.
"""
APART_S: Final = 600.0
"""Kills of two files within this time are the machine's doing, and count against neither."""


def counts_as(stalled: Stalled, upload: str, killed: Mapping[str, float], now: float) -> Count | None:
    """What a look that came to no end adds to against its file; None if it says nothing of the file.

    `killed` says when which upload's inspection was last killed in this process. What merely waited never counts.
    """
    if stalled.why == "spent":
        return "stalls"
    if stalled.why == "waited" or any(one != upload and now - at < APART_S for one, at in killed.items()):
        return None
    return "kills"


def at_fault(report: Report, count: Count | None) -> bool:
    """Whether with this one more count a report's file is too much for any inspection."""
    if count is None:
        return False
    return report.stalls + 1 >= MOST_STALLS if count == "stalls" else report.kills + 1 >= MOST_KILLS
