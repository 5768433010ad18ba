"""A form takes what it was signed for until its time is over; what it brought is found by its version."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.blobs import Blobs, NotFound, Place, Refused, SignedPost

PDF = "application/pdf"
LANDING = "http://127.0.0.1:9/landing?from=form"


def signed(blobs: Blobs, place: Place, *, now: datetime | None = None) -> SignedPost:
    half_an_hour = timedelta(minutes=30)
    return blobs.sign_post(
        place, content_type=PDF, sizes=(1, 100), redirect=LANDING, now=now or datetime.now(UTC), lifetime=half_an_hour
    )


async def post(form: SignedPost, data: bytes, **changes: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(form.url, data={**form.fields, **changes}, files={"file": ("a.pdf", data, "text/html")})


async def test_a_form_stores_its_file_under_its_own_key_and_type_and_leads_on(
    blobs: Blobs, bucket: str, key: str
) -> None:
    place = Place(bucket, key)
    answer = await post(signed(blobs, place), b"%PDF-1.7 a")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("http://127.0.0.1:9/landing?")
    stored = await blobs.stat(place)
    assert (stored.size, stored.content_type) == (10, PDF), "whatever the browser says of the file"


async def test_a_form_whose_time_is_over_takes_nothing(blobs: Blobs, bucket: str, key: str) -> None:
    place = Place(bucket, key)
    late = await post(signed(blobs, place, now=datetime.now(UTC) - timedelta(minutes=31)), b"%PDF-1.7 a")
    assert late.status_code == 403
    with pytest.raises(NotFound):
        await blobs.find(place)


async def test_a_policy_of_one_form_does_not_open_another(blobs: Blobs, bucket: str, key: str) -> None:
    wide, own = signed(blobs, Place(bucket, f"{key}.other")), signed(blobs, Place(bucket, key))
    mixed = await post(own, b"%PDF-1.7 a", policy=wide.fields["policy"])
    assert mixed.status_code == 403
    moved = await post(own, b"%PDF-1.7 a", key=f"{key}.other")
    assert moved.status_code == 403


async def test_each_use_is_a_version_of_its_own_and_the_first_stays_what_it_was(
    blobs: Blobs, bucket: str, key: str
) -> None:
    place, form = Place(bucket, key), signed(blobs, Place(bucket, key))
    assert (await post(form, b"%PDF-1.7 a")).status_code == 303
    first = await blobs.find(place)
    again = await post(form, b"%PDF-1.7 other")
    second = await blobs.find(place)
    assert (first.size, second.size) == (10, 14)
    assert first.version != second.version
    assert first.etag != second.etag
    assert second.etag in again.headers["Location"], "so that a browser can tell what it sent"
    read = await blobs.fetch(Place(bucket, key, first.version))
    assert read.size == 10


async def test_nothing_is_pinned_where_the_next_post_would_take_its_place(blobs: Blobs) -> None:
    bucket = f"t{secrets.token_hex(6)}"
    await blobs.ensure_bucket(bucket, versions=False)
    place = Place(bucket, "uploads/a.pdf")
    assert (await post(signed(blobs, place), b"%PDF-1.7 a")).status_code == 303
    with pytest.raises(Refused, match="NoVersions"):
        await blobs.find(place)
