"""Places where a test may have this process die, as a power cut would have it.

`SARABAN_FAILPOINTS=outbox.published:3` kills the process with SIGKILL when it passes the named point for the
third time. Without the variable a failpoint costs one dictionary look-up in an empty dictionary.
"""

import os
import signal


def _read(setting: str) -> dict[str, int]:
    points = {}
    for word in filter(None, (part.strip() for part in setting.split(","))):
        name, _, count = word.partition(":")
        points[name] = int(count or 1)
    return points


_armed = _read(os.environ.get("SARABAN_FAILPOINTS", ""))

FAILPOINTS = (
    "aggregate.before_write",
    "aggregate.after_write",
    "relay.before_publish",
    "relay.after_publish",
    "relay.after_pull",
    "consumer.before_handle",
    "consumer.before_commit",
    "dead.before_publish",
    "dead.after_publish",
    "submissions.after_begin",
    "submissions.after_assemble",
    "submissions.after_inspect",
    "notifier.before_send",
    "notifier.after_send",
    "credentials.after_audit",
    "credentials.batch_sealed",
    "credentials.batch_imported",
    "registry.after_move_batch",
    "registry.before_order_done",
    "registry.plan_prepared",
    "registry.province_solved",
    "registry.clusters_decided",
)
"""The points there are; the fault campaign dies once at each."""


def failpoint(name: str) -> None:
    """Die here without any clean-up, if this point is armed and its count is reached."""
    left = _armed.get(name)
    if left is None:
        return
    if left <= 1:
        os.kill(os.getpid(), signal.SIGKILL)
    _armed[name] = left - 1
