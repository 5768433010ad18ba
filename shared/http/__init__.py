"""The HTTP side of every service: one application, one kind of error, one guard."""

from shared.http.app import create_app
from shared.http.auth import may_have, requires
from shared.http.paging import Page, PageQuery, write_cursor
from shared.http.probes import Check, Probes, answers, heartbeat
from shared.http.problems import Problem, ProblemKind
from shared.http.routing import Router, route_options
from shared.http.views import View

__all__ = [
    "Check",
    "Page",
    "PageQuery",
    "Probes",
    "Problem",
    "ProblemKind",
    "Router",
    "View",
    "answers",
    "create_app",
    "heartbeat",
    "may_have",
    "requires",
    "route_options",
    "write_cursor",
]
