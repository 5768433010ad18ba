"""A mail server that was away is asked until it answers; an asking that fails in itself leaves nobody locked out."""

import time
from datetime import UTC, datetime

import pytest

from services.notifier import postmen
from services.notifier.checks import Known, Office
from services.notifier.domain import Delivery
from services.notifier.mailer import MailServer
from services.notifier.outcomes import Outcome, Sent, Unsent
from services.notifier.postmen import Parcel, Postmen
from shared.contracts.events import RoundChanged
from shared.mongo import Stored
from tests.integration.notifier.country import DEADLINE, PATH, ROUND, address
from tests.world import eventually

NO_HOST = "x" * 64
"""Longer than a host's name may be: looking it up fails otherwise than any server does."""


def parcel() -> Parcel:
    now = datetime.now(UTC)
    round_ = RoundChanged(
        round=ROUND, fiscal_year=2569, academic_year=2567, deadline=DEADLINE, grace_minutes=0, state="open"
    )
    known = Known(round=round_, office=Office("ศพด.", address("c1")))
    delivery = Delivery(
        notice="n", kind="credential_ready", round=ROUND, recipient="c1", holder="center", path=PATH, cause="e",
        created_at=now, state="queued", queued_at=now, due=now,
    )  # fmt: skip
    return Parcel(
        Stored("n:c1", 1, 0, delivery),
        address("c1"),
        known,
        time.monotonic() + 60,
    )


@pytest.mark.parametrize("fails", [False, True], ids=["the server comes back", "the asking itself fails"])
async def test_mail_goes_out_again_after_the_server_was_away(post, monkeypatch, fails):
    monkeypatch.setattr(postmen, "FIRST_PAUSE", 0.05)
    server = MailServer("127.0.0.1", post.port, "saraban@example.org", 2.0)
    told: list[Outcome] = []
    here = Postmen(server, 1, lambda _stored, outcome: told.append(outcome), lambda: None)
    here.start()
    try:
        await post.close()
        here.give([parcel()])

        async def away() -> bool:
            return bool(told)

        await eventually(away)
        assert told == [Unsent()]
        assert not here.available
        if fails:
            object.__setattr__(server, "host", NO_HOST)
        else:
            await post.open()

        async def back() -> bool:
            return here.available

        await eventually(back)
        if fails:
            object.__setattr__(server, "host", "127.0.0.1")
            await post.open()
        told.clear()

        async def sent() -> bool:
            here.give([parcel()])
            return Sent() in told

        await eventually(sent)
        assert post.taken
    finally:
        await here.stop(2)
