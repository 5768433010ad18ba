"""The mail server for development: keeps what it acknowledged, shows it, counts what came twice."""

import asyncio
import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from deploy.local.servers.mail import Mail
from deploy.local.servers.web import ask
from deploy.local.stack import Stack
from deploy.local.starting import await_ready


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mail]:
    stack = Stack(tmp_path_factory.mktemp("mail"), ports="ephemeral", environ={})
    stack.state.settle("local")
    server = stack.servers["mail"]
    assert isinstance(server, Mail)
    server.start()
    await_ready(server)
    yield server
    server.stop()


def letter(to: str, number: str, subject: str = "แจ้งเปิดรอบ", words: str = "เรียน ผู้บริหาร") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = "a@example.go.th", to, subject, f"<{number}@test>"
    made.set_content(words)
    return made


def send(mail: Mail, *letters: EmailMessage) -> None:
    host, port = mail.address.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as session:
        for one in letters:
            session.send_message(one)


def api(mail: Mail, path: str) -> Any:
    answer = ask(mail.page + path)
    assert answer is not None
    assert answer[0] == 200, answer
    return json.loads(answer[1])


def test_a_mail_is_found_by_its_recipient_and_reads_as_it_was_written(mail: Mail):
    send(
        mail,
        letter("one@center.go.th", "read-1", "ใบรับรายงาน", "ได้รับแล้ว\nครบถ้วน"),
        letter("other@center.go.th", "read-2"),
    )
    found = api(mail, "/api/messages?to=one@center.go.th")["messages"]
    assert [(one["subject"], one["to"], one["message_id"]) for one in found] == [
        ("ใบรับรายงาน", ["one@center.go.th"], "<read-1@test>")
    ]
    assert api(mail, f"/api/messages/{found[0]['id']}")["text"].splitlines() == ["ได้รับแล้ว", "ครบถ้วน"]


def test_a_part_of_an_address_finds_all_that_have_it_newest_first(mail: Mail):
    send(mail, letter("a@part.go.th", "part-1"), letter("b@part.go.th", "part-2"))
    found = api(mail, "/api/messages?to=part.go")["messages"]
    assert [one["message_id"] for one in found] == ["<part-2@test>", "<part-1@test>"]


def test_pages_go_on_where_the_last_one_ended(mail: Mail):
    send(mail, *(letter("many@page.go.th", f"page-{number}") for number in range(5)))
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = api(mail, f"/api/messages?to=many@page.go.th&limit=2&after={after}")
        seen += [one["message_id"] for one in page["messages"]]
        after = page["next"]
    assert seen == [f"<page-{number}@test>" for number in range(5)]


def test_a_second_mail_with_the_same_message_id_is_kept_and_counted(mail: Mail):
    before = api(mail, "/api/stats")
    send(mail, letter("twice@center.go.th", "twice"), letter("twice@center.go.th", "twice"))
    after = api(mail, "/api/stats")
    assert after["messages"] - before["messages"] == 2
    assert after["duplicates"] - before["duplicates"] == 1
    assert {"message_id": "<twice@test>", "times": 2} in api(mail, "/api/duplicates")


def test_an_acknowledged_mail_survives_kill_9(mail: Mail):
    numbers = [f"kill-{number}" for number in range(50)]
    send(mail, *(letter("kill@center.go.th", number) for number in numbers))
    mail.process.kill()
    mail.start()
    await_ready(mail)
    found = api(mail, "/api/messages?to=kill@center.go.th")["messages"]
    assert [one["message_id"] for one in reversed(found)] == [f"<{number}@test>" for number in numbers]


async def test_mails_of_many_connections_at_once_are_all_kept(mail: Mail):
    def talk(line: int) -> None:
        send(mail, *(letter(f"crowd-{line}@center.go.th", f"crowd-{line}-{number}") for number in range(20)))

    await asyncio.gather(*(asyncio.to_thread(talk, line) for line in range(8)))
    found = api(mail, "/api/messages?to=crowd-&limit=1000")["messages"]
    assert len({one["message_id"] for one in found}) == 160


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"Subject: =?nonsense?q?=FF?=\r\n\r\n\xff\xfe", b"no header at all", b"\x00" * 50]
)
def test_a_broken_mail_is_kept_and_does_not_break_the_list(mail: Mail, raw: bytes):
    host, port = mail.address.removeprefix("smtp://").split(":")
    before = api(mail, "/api/stats")["messages"]
    with smtplib.SMTP(host, int(port)) as session:
        session.sendmail("a@example.go.th", "broken@center.go.th", raw)
    assert api(mail, "/api/stats")["messages"] == before + 1
    newest = api(mail, "/api/messages?limit=1")["messages"][0]
    assert isinstance(api(mail, f"/api/messages/{newest['id']}")["text"], str)


def test_the_page_is_whole_in_itself(mail: Mail):
    answer = ask(mail.page + "/")
    assert answer is not None
    page = answer[1].decode()
    assert '<html lang="th">' in page
    assert "http://" not in page
    assert "https://" not in page


def test_its_file_is_for_its_owner_alone(mail: Mail):
    file = Path(mail.process.directory) / "mail" / "mail.sqlite"
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
