"""A center sends its report: in one go, in parts, after a cut, after a lost answer."""

from __future__ import annotations

import asyncio
import os

import pytest

from deploy.local.crowd.papers import paper
from tests.integration.submissions.conftest import CENTER, OTHER, Office


@pytest.mark.real
async def test_a_report_is_received_with_a_receipt_and_then_accepted(office: Office) -> None:
    receipt = await office.bring(paper("a", 300_000))
    assert receipt["late"] is False
    assert receipt["state"] == "received"
    assert "ทันกำหนด" in receipt["sentence"]

    done = await office.decided()
    assert done["state"] == "accepted"
    (report,) = done["reports"]
    assert (report["pages"], report["reason"], report["receipt"]) == (4, None, receipt["code"])
