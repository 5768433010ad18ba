"""Multipart uploads whose parts a client sends straight to the store, tied to length, type and SHA-256.

minio offers these calls as private methods and leaves out the parts' checksums, without which a server that
was told of them at the start refuses to complete. So the XML exchanges stand here, on the client's signed
`_execute`.

A client can't overwrite the object: its URLs reach parts only, and completing takes the service's own key.
A part's URL used twice stores the same bytes twice; after completion the store says that there is no such
upload.
"""
# ruff: noqa: SLF001

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from minio.error import S3Error
from minio.helpers import md5sum_hash

from shared.blobs.connection import Connection
from shared.blobs.errors import Refused
from shared.blobs.presign import SignedRequest
from shared.blobs.values import Begun, Multipart, PartPlan, Place, Stored, StoredPart

_XMLNS = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Multiparts(Connection):
    """Begin, sign parts, look, then complete or abort."""

    async def create_multipart(self, bucket: str, key: str, *, content_type: str) -> Multipart:
        """Begins an upload whose parts will carry SHA-256 checksums. Asked twice, it begins two."""

        def create() -> Multipart:
            headers: dict[str, str | list[str] | tuple[str]] = {
                "Content-Type": content_type,
                "x-amz-checksum-algorithm": "SHA256",
            }
            return Multipart(bucket, key, self._client._create_multipart_upload(bucket, key, headers))

        return await self._call("create_multipart", create)

    def sign_part(
        self, upload: Multipart, part: PartPlan, *, content_type: str, now: datetime, lifetime: timedelta
    ) -> SignedRequest:
        """A PUT of exactly this part: its size, type and SHA-256 are signed, so the store refuses any other
        body and any request that leaves a header out. The store isn't asked.
        """
        return self._signer.sign(
            "PUT",
            f"/{upload.bucket}/{upload.key}",
            query={"partNumber": str(part.number), "uploadId": upload.upload_id},
            headers={
                "Content-Length": str(part.size),
                "Content-Type": content_type,
                "x-amz-checksum-sha256": _base64(part.sha256),
            },
            now=now,
            lifetime=lifetime,
        )

    async def list_parts(self, upload: Multipart) -> tuple[StoredPart, ...]:
        """The parts that the store has, by number. `NotFound` once the upload is completed or aborted."""

        def list_all() -> tuple[StoredPart, ...]:
            parts: dict[int, StoredPart] = {}
            while True:
                found, more = self._page_of_parts(upload, after=max(parts, default=0))
                parts |= found
                if not more:
                    return tuple(parts[number] for number in sorted(parts))

        return await self._call("list_parts", list_all)

    def _page_of_parts(self, upload: Multipart, after: int) -> tuple[dict[int, StoredPart], bool]:
        answer = self._client._execute(
            "GET",
            upload.bucket,
            upload.key,
            query_params={
                "uploadId": upload.upload_id,
                "max-parts": "1000",
                "part-number-marker": str(after),
            },
        )
        # The answer is our own store's, and expat refuses entity bombs.
        root = ET.fromstring(answer.data)  # noqa: S314
        # SeaweedFS 4.48 lists a part once for each time it was sent; the last one counts.
        found = {part.number: part for part in map(_part, root.iter(f"{_XMLNS}Part"))}
        return found, bool(found) and root.findtext(f"{_XMLNS}IsTruncated") == "true"

    async def complete_multipart(
        self, upload: Multipart, plans: Iterable[PartPlan], stored: Iterable[StoredPart]
    ) -> Place:
        """Joins the stored parts into the object, each tied once more to its SHA-256; then the object is
        durable, and this is where it lies.

        Safe to ask again: an upload that was completed before (perhaps with its answer lost) gives the
        object that it made. `NotFound` when the upload was aborted, `Refused` when parts are missing or not
        as planned. MinIO may have lost the parts if its caller went away in the middle of it.
        """
        body = _completion(tuple(plans), {part.number: part for part in stored})

        def complete() -> Place:
            # An upload that is gone was either completed, and its key (used for one file) has the object, or aborted.
            with _gone_is_fine():
                answer = self._joiner._execute(
                    "POST",
                    upload.bucket,
                    upload.key,
                    body=body,
                    headers={"Content-Type": "application/xml", "Content-MD5": md5sum_hash(body) or ""},
                    query_params={"uploadId": upload.upload_id},
                )
                # S3 may say 200 first and put the error into the body.
                if ET.fromstring(answer.data).tag.endswith("Error"):  # noqa: S314
                    raise Refused("complete_multipart", "error in the body")
                if version := answer.headers.get("x-amz-version-id"):
                    return Place(upload.bucket, upload.key, version)
            return self._stat(Place(upload.bucket, upload.key)).place

        return await self._call("complete_multipart", complete)

    async def unfinished(self, bucket: str, *, page: int = 1_000) -> tuple[Begun, ...]:
        """The multipart uploads of a bucket that were neither completed nor aborted, for sweepers."""

        def list_all() -> tuple[Begun, ...]:
            found: dict[str, Begun] = {}
            key, upload = None, None
            while True:
                # Without a prefix, since MinIO takes one for a whole key.
                answer = self._client._list_multipart_uploads(
                    bucket, max_uploads=page, key_marker=key, upload_id_marker=upload
                )
                new = [one for one in answer.uploads if one.upload_id not in found]
                for one in new:
                    multipart = Multipart(bucket, str(one.object_name), str(one.upload_id))
                    found[multipart.upload_id] = Begun(multipart, one.initiated_time)
                if not answer.is_truncated or not new:
                    return tuple(found.values())
                # SeaweedFS 4.48 says that there is more and not where: it goes on after the id, and a key would
                # lead it astray.
                key, upload = answer.next_key_marker or None, answer.next_upload_id_marker or new[-1].upload_id

        return await self._call("unfinished", list_all)

    async def abort_multipart(self, upload: Multipart) -> None:
        """Forgets the upload and its parts. No error if it is gone; a completed object stays as it is."""

        def abort() -> None:
            with _gone_is_fine():
                self._client._abort_multipart_upload(upload.bucket, upload.key, upload.upload_id)

        await self._call("abort_multipart", abort)

    def _stat(self, place: Place) -> Stored:
        found = self._client.stat_object(place.bucket, place.key, version_id=place.version)
        where = Place(place.bucket, place.key, found.version_id)
        return Stored(where, found.size or 0, found.content_type or "", found.last_modified)


def _completion(plans: tuple[PartPlan, ...], stored: dict[int, StoredPart]) -> bytes:
    root = ET.Element("CompleteMultipartUpload", xmlns=_XMLNS.strip("{}"))
    for plan in sorted(plans, key=lambda part: part.number):
        there = stored.get(plan.number)
        if there is None or there.size != plan.size or there.sha256 not in {None, plan.sha256}:
            raise Refused("complete_multipart", "InvalidPart")
        part = ET.SubElement(root, "Part")
        ET.SubElement(part, "PartNumber").text = str(plan.number)
        ET.SubElement(part, "ETag").text = f'"{there.etag}"'
        ET.SubElement(part, "ChecksumSHA256").text = _base64(plan.sha256)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _part(element: ET.Element) -> StoredPart:
    def text(name: str) -> str:
        return element.findtext(f"{_XMLNS}{name}") or ""

    checksum = text("ChecksumSHA256")
    digest = base64.b64decode(checksum).hex() if checksum else None
    return StoredPart(int(text("PartNumber")), int(text("Size")), text("ETag").strip('"'), digest)


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code != "NoSuchUpload":
            raise
