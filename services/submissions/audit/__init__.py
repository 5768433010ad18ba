"""Who looked at reports and who judged them: entries of the audit trail, durable before an answer leaves."""
