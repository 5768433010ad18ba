"""Every log event and the fields it may carry.

An event that isn't here is logged without its fields, a field that isn't here is dropped, and both are
counted (`saraban_log_dropped_total`). So a secret reaches a log only through a name somebody wrote down here.
"""

from typing import Final

EVENTS: Final[dict[str, frozenset[str]]] = {
    event: frozenset(fields.split())
    for event, fields in {
        # any service
        "service.starting": "roles namespace port",
        "service.ready": "seconds",
        "service.stopping": "",
        "service.stopped": "",
        "service.failed": "place",
        # the standard library's loggers (uvicorn, aiokafka, pymongo …), already redacted
        "library.said": "logger message",
        "telemetry.event.undeclared": "",
        "loop.round.failed": "loop",
        "loop.wait.failed": "loop",
        # http
        "http.request.served": "method route status ms",
        "http.request.failed": "method route status",
        "http.ready.changed": "ready failing",
        "http.idempotency.unavailable": "route",
        # bus
        "bus.publish.failed": "error records",
        "bus.producer.renewed": "",
        "bus.catching_up.failed": "group error",
        "bus.consumer.retrying": "consumer error attempt wait",
        "bus.consumer.stopped": "consumer reason",
        "bus.consumer.assigned": "consumer partitions",
        "bus.dead.buried": "consumer records faults",
        "relay.batch.failed": "error entries",
        "relay.swept": "entries",
        # registry
        "registry.round.created": "round",
        "registry.round.opened": "round obligations",
        "registry.round.corrected": "round",
        "registry.round.closed": "round",
        "registry.round.document": "round step",
        "registry.extension": "round step",
        "registry.order.done": "order kind organizations centers obligations",
        "registry.order.interrupted": "order kind",
        "registry.proposal.made": "round capacity proposed seconds",
        "registry.list.exported": "list format rows bytes seconds",
        "registry.cluster.changed": "round cluster members",
        "registry.plan.asked": "plan round",
        "registry.plan.adopted": "plan round",
        "registry.plan.cancelled": "plan",
        "registry.plan.failed": "plan",
        "registry.plan.finished": "plan seconds",
        "registry.plan.province_failed": "plan province failure",
        "registry.roll.imported": "round dry_run outcome rows rejected changed removed seconds",
        "registry.roll.decided": "round step gone",
        "registry.roll.resumed": "round applied",
        "registry.roll.answered": "round accepted repaired rejected",
        # notifier
        "notifier.deliveries.released": "deliveries",
        "notifier.deliveries.resumed": "deliveries",
        "notifier.deliveries.bounced": "deliveries reasons",
        "notifier.deliveries.lost": "deliveries",
        "notifier.notice.issued": "deliveries",
        "notifier.mail.unreachable": "reason",
        "notifier.mail.reachable": "",
        "notifier.sender.failed": "stage",
        "notifier.sender.waits": "",
        "notifier.sender.begins": "seconds",
        # submissions
        "submissions.upload.failed": "reason",
        "submissions.upload.begun_again": "upload was",
        "submissions.uploads.reconciled": "received failed expired asked_again",
        "submissions.reconciler.failed": "",
        "submissions.reports.inspected": "accepted rejected postponed",
        "submissions.report.infected": "upload signature",
        "submissions.copy.refused": "upload",
        "submissions.scanner.away": "code",
        "submissions.scanner.back": "",
        "submissions.leftovers.swept": "parts objects unknown",
        "submissions.report.damaged": "upload",
        "submissions.report.missing": "upload",
        "submissions.report.not_scanned": "upload code",
        "submissions.deadlines.told": "centers",
        "submissions.archive.sent": "reports",
        "submissions.archive.fault": "fault",
        "submissions.archive.unread": "",
        "submissions.inspection.not_isolated": "",
        "submissions.inspection.restarted": "",
        "submissions.inspection.refused": "step setting",
        # security
        # credentials
        "credentials.master_key.in_file": "",
        "credentials.master_key.exposed": "",
        "credentials.rotation.begun": "master keys",
        "credentials.rotation.moved": "keys total",
        "credentials.rotation.done": "master keys",
        "credentials.rotation.strange": "master keys",
        "credentials.erasing.done": "credentials",
        "credentials.erasing.buried": "owners credentials",
        "credentials.sealing.passed": "round sealed centers",
        "credentials.sealing.done": "round centers missing",
        "credentials.seal.broken": "credential",
        "credentials.batch.ended": "batch round state lines",
        "credentials.merging.settled": "credentials merged",
        "credentials.ending.ended": "credentials",
        "credentials.restore.checked": "records seconds",
        "credentials.restore.found": "holders entries",
        "credentials.mail.sent": "mail",
        "credentials.mail.delayed": "mail reason",
        "credentials.mail.refused": "mail",
        "audit.heads.anchored": "chains number",
        "audit.entries.removed": "entries people",
        "security.token.refused": "fault",
        "security.issuer.unreachable": "",
        "security.keys.refreshed": "keys",
    }.items()
}

ALWAYS: Final = frozenset({
    "event", "level", "time", "service", "trace_id", "span_id", "exception", "causes", "place",
})  # fmt: skip
"""Fields the pipeline itself adds to any event."""
