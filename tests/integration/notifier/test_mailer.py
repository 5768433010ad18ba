"""What each answer of a real mail server means for a mail."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.notifier.checks import Bounce
from services.notifier.mailer import Connection, MailServer, ServerDown
from services.notifier.outcomes import Failed, Sent
from tests.integration.notifier.post_office import PostOffice

MAIL = b"Subject: x\r\n\r\n.\r\nhello\r\n"


@pytest.fixture
async def connection(post: PostOffice) -> AsyncIterator[Connection]:
    line = Connection(MailServer.at(post.url, "saraban@example.org", 5.0))
    try:
        yield line
    finally:
        await line.close()


async def test_one_connection_serves_many_mails(post, connection):
    for number in range(20):
        assert await connection.hand_in(f"a{number}@example.org", MAIL) == Sent()
    assert len(post.taken) == 20
    assert post.sessions == 1
    assert post.taken[0][1] == MAIL


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("550 5.1.1 no such mailbox", Bounce("recipient_550")),
        ("501 bad address", Bounce("recipient_501")),
        ("450 greylisted", Failed("recipient_450")),
        ("452 full", Failed("recipient_452")),
        ("552 mailbox full", Failed("recipient_552")),
        ("530 sign in first", Failed("recipient_530")),
        ("421 going away", Failed("recipient_421")),
    ],
)
async def test_a_refused_recipient_and_the_next_mail_goes_out(post, connection, said, means):
    post.recipient_says["bad@example.org"] = said
    assert await connection.hand_in("bad@example.org", MAIL) == means
    assert await connection.hand_in("good@example.org", MAIL) == Sent()
    assert post.addresses() == ["good@example.org"]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("554 refused", Bounce("message_554")),
        ("552 too large", Bounce("message_552")),
        ("451 later", Failed("message_451")),
    ],
)
async def test_a_refused_message_and_the_next_mail_goes_out(post, connection, said, means):
    post.message_says["bad@example.org"] = said
    assert await connection.hand_in("bad@example.org", MAIL) == means
    assert await connection.hand_in("good@example.org", MAIL) == Sent()


async def test_a_refused_sender_is_about_us_and_blames_no_mail(post, connection):
    post.sender_says = "550 not from here"
    with pytest.raises(ServerDown, match="sender_550"):
        await connection.hand_in("a@example.org", MAIL)
    post.sender_says = None
    assert await connection.hand_in("a@example.org", MAIL) == Sent()


async def test_a_server_that_is_away_blames_no_mail(post, connection):
    await post.close()
    with pytest.raises(ServerDown):
        await connection.hand_in("a@example.org", MAIL)
    await post.open()
    assert await connection.hand_in("a@example.org", MAIL) == Sent()


async def test_a_connection_closed_while_idle_is_opened_again(post, connection):
    await connection.hand_in("a@example.org", MAIL)
    post.cut()
    assert await connection.hand_in("b@example.org", MAIL) == Sent()
    assert post.sessions == 2


async def test_a_connection_lost_after_the_mail_was_handed_over_is_a_doubt(post, connection):
    post.hang_up.add("a@example.org")
    assert await connection.hand_in("a@example.org", MAIL) == Failed("connection_lost", doubtful=True)
    assert post.addresses() == ["a@example.org"]


async def test_a_thai_address_goes_out_as_smtputf8(post, connection):
    assert await connection.hand_in("ศูนย์@example.org", MAIL) == Sent()
    assert post.addresses() == ["ศูนย์@example.org"]


async def test_a_server_that_never_answers_does_not_hold_a_mail_for_ever(post):
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    line = Connection(MailServer.at(f"smtp://127.0.0.1:{port}", "saraban@example.org", 0.2))
    with pytest.raises(ServerDown):
        await line.hand_in("a@example.org", MAIL)
    await line.close()
    silent.close()


def test_a_server_s_address_is_read_whole_and_shown_without_its_password():
    server = MailServer.at("smtps://user:p%40ss@mail.example.org", "saraban@example.org", 5.0)
    assert (server.host, server.port, server.tls) == ("mail.example.org", 465, True)
    assert (server.username, server.password) == ("user", "p@ss")
    assert "p@ss" not in repr(server)
