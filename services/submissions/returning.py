"""Why a version came back: what its inspection found, or what ONESQA returned it for. Pure."""

from services.submissions.domain import Report, Standing, Submission
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.reviewing.reasons import REASONS, Reason
from services.submissions.standing import standing_of, verdicts


def how_it_stands(submission: Submission, report: Report) -> Standing:
    """How this one version stands, whichever counts."""
    return standing_of(report, verdicts(submission).get(report.receipt))[0]


def why_back(submission: Submission, report: Report) -> tuple[Finding | Reason, ...]:
    """The reasons, each with what to do; none for a version that was neither refused nor returned."""
    standing = how_it_stands(submission, report)
    if standing == "returned":
        return tuple(REASONS[one.code] for one in verdicts(submission)[report.receipt].reasons)
    finding = FINDINGS.get(report.reason or "") if standing == "rejected" else None
    return (finding,) if finding else ()
