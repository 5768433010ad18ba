"""Files that a browser posts by itself, from a page without scripts, straight to the store.

Of what was posted nothing is known until it is read: the form fixes bucket, key, type and the most bytes, but not which
bytes, nor how often. A bucket that keeps versions keeps every post apart, so whoever confirms one pins its version.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.blobs.connection import Connection
from shared.blobs.errors import Refused
from shared.blobs.presign import SignedPost
from shared.blobs.values import Found, Place

_FIXED: Final[Mapping[str, str]] = {"acl": "bucket-owner-full-control", "success_action_status": "201"}
"""Fields that SeaweedFS 4.48 would take from the sender if no condition named them. The object stays our own alone, and
a sender without a redirect is told 201. Every S3 takes this one ACL, those too that have none.
"""


class Posting(Connection):
    """Sign a form, find what it brought."""

    def sign_post(
        self,
        place: Place,
        *,
        content_type: str,
        sizes: tuple[int, int],
        redirect: str,
        now: datetime,
        lifetime: timedelta,
    ) -> SignedPost:
        """A form that stores one file of `sizes` bytes (at least, at most) under exactly this key, and then sends the
        browser to `redirect`, to which the store adds `bucket`, `key` and `etag`. The store isn't asked.
        """
        fields = {"key": place.key, "Content-Type": content_type, **_FIXED, "success_action_redirect": redirect}
        return self._signer.sign_post(place.bucket, fields, sizes=sizes, now=now, lifetime=lifetime)

    async def find(self, place: Place) -> Found:
        """The newest object under a key, by its version, so that later reads cannot be given another.

        `NotFound` if there is none; `Refused` where the bucket keeps no versions: the next post would take its place.
        """

        def find() -> Found:
            found = self._client.stat_object(place.bucket, place.key)
            version = found.version_id
            if not version or version == "null":
                raise Refused("find", "NoVersions")
            return Found(version, found.size or 0, (found.etag or "").strip('"'))

        return await self._call("find", find)
