"""Objects in and out, and what is said when the store is not there."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from shared.blobs import CHUNK, Blobs, NotFound, Place, Refused, Unavailable
from tests.integration.blobs.conftest import Connect
from tests.integration.blobs.sending import send


async def test_what_is_put_is_read_back_digested_and_streamed(blobs: Blobs, bucket: str, key: str) -> None:
    body = os.urandom(3 * CHUNK + 17)
    place = await blobs.put(bucket, key, body, content_type="application/octet-stream")

    into = io.BytesIO()
    fetched = await blobs.fetch(place, into)
    assert (fetched.size, fetched.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert into.getvalue() == body
    async with blobs.reading(place) as chunks:
        pieces = [chunk async for chunk in chunks]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= CHUNK


async def test_a_version_stays_readable_after_an_overwrite(blobs: Blobs, bucket: str, key: str) -> None:
    first = await blobs.put(bucket, key, b"first", content_type="text/plain")
    second = await blobs.put(bucket, key, b"second!", content_type="text/plain")
    assert first.version
    assert first.version != second.version
    assert (await blobs.stat(first)).size == 5
    assert (await blobs.stat(Place(bucket, key))).place == second

    await blobs.delete(second)
    await blobs.delete(second)
    assert (await blobs.stat(Place(bucket, key))).size == 5


async def test_a_copy_takes_the_version_asked_for_to_the_other_bucket(blobs: Blobs, bucket: str, key: str) -> None:
    other = f"{bucket}-accepted"
    await asyncio.gather(*(blobs.ensure_bucket(other) for _ in range(4)))
    first = await blobs.put(bucket, key, b"first", content_type="application/pdf")
    await blobs.put(bucket, key, b"second!", content_type="text/html")

    copied = await blobs.copy(first, other, "final.pdf")

    found = await blobs.stat(copied)
    assert (found.size, found.content_type, found.place.bucket) == (5, "application/pdf", other)


async def test_a_signed_download_comes_as_an_attachment_until_it_expires(blobs: Blobs, bucket: str, key: str) -> None:
    place = await blobs.put(bucket, key, b"body", content_type="application/pdf")
    answer = {"response-content-disposition": 'attachment; filename="sar.pdf"'}
    now = datetime.now(UTC)
    good = blobs.sign_get(place, now=now, lifetime=timedelta(minutes=5), answer=answer)
    dead = blobs.sign_get(place, now=now - timedelta(minutes=6), lifetime=timedelta(minutes=5))

    assert await send("GET", good.url, {}) == (200, b"body")
    assert (await send("GET", good.url.replace("attachment", "inline"), {}))[0] == 403
    assert (await send("GET", dead.url, {}))[0] == 403
    assert (await send("GET", good.url.split("?")[0], {}))[0] == 403


async def test_what_is_not_there_is_not_found(blobs: Blobs, bucket: str, key: str) -> None:
    nowhere = Place(bucket, "nothing")
    with pytest.raises(NotFound):
        await blobs.stat(nowhere)
    with pytest.raises(NotFound):
        await blobs.fetch(nowhere)
    with pytest.raises(NotFound):
        async with blobs.reading(nowhere):
            pytest.fail("nothing to read")
    with pytest.raises(NotFound):
        await blobs.copy(nowhere, bucket, key)
    with pytest.raises(NotFound):
        await blobs.probe(f"{bucket}-none")


async def test_a_wrong_key_is_refused_and_never_shown(connect: Connect, bucket: str, key: str) -> None:
    wrong = connect(secret_key=SecretStr("not-the-secret"))
    with pytest.raises(Refused) as caught:
        await wrong.put(bucket, key, b"x", content_type="text/plain")
    assert "not-the-secret" not in str(caught.value) + repr(wrong.__dict__["_signer"])


async def test_a_store_that_nobody_serves_is_unavailable(connect: Connect) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = connect(f"http://127.0.0.1:{closed.getsockname()[1]}", retries=0)
        for call in (gone.probe("bucket"), gone.stat(Place("bucket", "k")), gone.fetch(Place("bucket", "k"))):
            with pytest.raises(Unavailable):
                await call


async def test_a_store_that_is_silent_is_unavailable_within_the_time_limits(connect: Connect) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        slow = connect(f"http://127.0.0.1:{silent.getsockname()[1]}", retries=0, read_timeout=0.2)
        with pytest.raises(Unavailable):
            await slow.stat(Place("bucket", "k"))
        with pytest.raises(Unavailable):
            await slow.probe("bucket", within=0.05)


async def test_a_download_cut_in_the_middle_is_unavailable_and_never_short(connect: Connect) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    cut = connect(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", retries=0)
    with pytest.raises(Unavailable):
        await cut.fetch(Place("bucket", "k"))
    async with cut.reading(Place("bucket", "k")) as chunks:
        with pytest.raises(Unavailable):
            [_ async for _ in chunks]
    server.close()


async def test_readers_that_walk_away_leave_no_connection_behind(
    connect: Connect, blobs: Blobs, bucket: str, key: str
) -> None:
    place = await blobs.put(bucket, key, os.urandom(4 * CHUNK), content_type="text/plain")
    narrow = connect(connections=2)
    for _ in range(20):
        async with narrow.reading(place) as chunks:
            await anext(chunks)
        task = asyncio.create_task(narrow.fetch(place))
        await asyncio.sleep(0)
        task.cancel()
    assert (await asyncio.wait_for(narrow.fetch(place), 60)).size == 4 * CHUNK
    narrow.close()
