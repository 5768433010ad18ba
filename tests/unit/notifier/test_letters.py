"""Letters in two languages and the mails they become."""

import email
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.checks import Office
from services.notifier.deadlines import deadline_of, english_moment
from services.notifier.domain import Delivery, release
from services.notifier.envelopes import encoded, message_id, seal
from services.notifier.letters import compose
from shared.contracts.events import Extension
from tests.unit.notifier.facts import (
    DEADLINE,
    NOW,
    PATH,
    PATIENCE,
    accepted,
    delivery_of,
    issued,
    known,
    opened,
    owes,
    received,
    rejected,
)

REMINDER = delivery_of(issued()).model_copy(update={"kind": "reminder"})
ALL = [release(delivery_of(owes()), PATIENCE, NOW), REMINDER] + [
    delivery_of(data) for data in (issued(), received(), accepted(), rejected())
]
SENDER = "saraban@example.go.th"


def mail(delivery: Delivery, **changes: Any) -> EmailMessage:
    about = known(**changes)
    assert about.office is not None
    raw = seal(
        compose(delivery, about), "d1", sender=SENDER, office=about.office.name, address="a@example.org", now=NOW
    )
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return found


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("delivery", ALL, ids=lambda d: d.kind)
def test_every_letter_is_a_sound_mail_in_thai_first_and_english(delivery):
    message = mail(delivery)
    (office,) = message["To"].addresses
    assert (office.display_name, office.addr_spec) == ("อบต.หนองบัว", "a@example.org")
    assert message["Message-ID"] == "<d1@example.go.th>"
    thai, line, english = part(message, "plain").partition("―" * 20)
    assert line
    assert thai.startswith("เรียน อบต.หนองบัว")
    assert english.strip().startswith("To: อบต.หนองบัว")
    assert len(english) > 100
    assert not any("0" <= mark <= "9" for mark in thai.replace("R-1234", "").replace("6580101", "")), thai


@pytest.mark.parametrize("delivery", ALL, ids=lambda d: d.kind)
def test_no_letter_has_anything_to_load_or_click(delivery):
    seen = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.append(tag)
            assert not {name for name, _ in attrs} & {"href", "src", "srcset", "background"}

    Tags().feed(part(mail(delivery), "html"))
    assert set(seen) <= {"html", "meta", "body", "p", "hr", "div"}


def test_the_opening_counts_the_centers_and_gives_the_deadline_in_the_buddhist_era():
    text = part(mail(ALL[0], centers=12), "plain")
    assert "จำนวน ๑๒ แห่ง" in text
    assert "วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๒๓.๕๙ น." in text
    assert "12 child development centers" in text
    assert "Friday 31 October B.E. 2568 (2025), 23:59 Thai time" in text


def test_a_rejection_says_why_and_that_it_can_be_sent_again():
    text = part(mail(delivery_of(rejected())), "plain")
    assert "ไฟล์เข้ารหัสไว้" in text
    assert "The file is encrypted" in text
    assert "โปรดแก้ไขและส่งใหม่" in text


@pytest.mark.parametrize(("late", "words"), [(False, "(on time)"), (True, "(after the deadline)")])
def test_a_receipt_says_when_and_whether_in_time(late, words):
    text = part(mail(delivery_of(received(late=late))), "plain")
    assert "R-1234" in text
    assert words in text


def test_names_cannot_bring_markup_or_headers_along():
    office = Office("<b>ศพด.</b>\r\nBcc: x@example.org", "a@example.org")
    message = mail(REMINDER, office=office)
    assert message["Bcc"] is None
    assert "&lt;b&gt;" in part(message, "html")


def test_an_extension_of_any_tier_above_moves_the_deadline_there_alone():
    later = DEADLINE + timedelta(days=7)
    round_ = opened(extensions=(Extension(organization="5801", deadline=later),))
    assert deadline_of(round_, PATH) == later
    assert deadline_of(round_, ("00", "10", "1001", "6100101")) == DEADLINE


def test_english_dates_name_both_eras():
    assert english_moment(DEADLINE) == "Friday 31 October B.E. 2568 (2025), 23:59 Thai time"


@given(st.text(min_size=1, max_size=200))
def test_a_header_comes_back_as_it_was_and_stays_one_header(text):
    head = email.message_from_bytes(f"Subject: {encoded(text)}\r\n\r\n".encode(), policy=policy.default)
    visible = "".join(mark if mark.isprintable() else " " for mark in text)
    assert head.keys() == ["Subject"]
    assert str(head["Subject"]) == visible
    assert all(len(word) <= 75 for word in encoded(text).split("\r\n "))


def test_a_delivery_has_the_same_message_id_on_every_attempt():
    assert message_id("d1", SENDER) == message_id("d1", SENDER) != message_id("d2", SENDER)
    assert message_id("d1", "saraban@localhost") == "<d1@localhost>"


def test_the_claim_page_stands_in_the_notice_that_a_credential_waits_and_in_no_other():
    page, about = "https://e-sar.example.go.th/claim", known()
    named = {delivery.kind for delivery in ALL if page in compose(delivery, about, page).text}
    assert named == {"credential_ready"}
    letter = compose(delivery_of(issued()), about, page)
    assert page in letter.html
    assert "<a" not in letter.html
    assert f"{page}#" not in letter.text, "a code in the fragment would meet the six digits in one mailbox"
    assert "https://" not in compose(delivery_of(issued()), about).text
