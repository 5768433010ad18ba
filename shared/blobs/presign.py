"""AWS Signature Version 4: in the query string, with headers that the bearer of the URL must send as signed, and over
the policy of a form that a browser posts by itself.

minio signs nothing but the host, so a URL of its making takes any body of any size and type.
Sources: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" and "Authenticating Requests:
Browser-Based Uploads Using POST (AWS Signature Version 4)".
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import SecretStr

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that whoever holds it may make until `expires_at`, with every one of these headers as it
    is.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime

    def __repr__(self) -> str:
        return f"SignedRequest(method={self.method!r}, expires_at={self.expires_at!r})"


@dataclass(frozen=True, slots=True)
class SignedPost:
    """A form that whoever holds it may post until `expires_at`: to `url`, as multipart/form-data, these fields first
    and the file last, in a field called `file`.
    """

    url: str
    fields: Mapping[str, str]
    expires_at: datetime

    def __repr__(self) -> str:
        return f"SignedPost(expires_at={self.expires_at!r})"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one key at one address. `endpoint` is what the bearer dials: it is part of what is signed."""

    endpoint: str
    access_key: str
    secret_key: SecretStr
    region: str

    def sign(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        now: datetime,
        lifetime: timedelta,
    ) -> SignedRequest:
        """Signs `method` on `path` ("/bucket/key", not yet quoted) with all of `headers`; at most 7 days."""
        _check(lifetime)
        scheme, _, host = self.endpoint.partition("://")
        stamp, scope = self._moment(now)
        signed = {"host": host, **{name.lower(): value.strip() for name, value in headers.items()}}
        names = ";".join(sorted(signed))
        asked = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(int(lifetime.total_seconds())),
            "X-Amz-SignedHeaders": names,
        }
        asked_text = "&".join(f"{_quoted(name)}={_quoted(asked[name])}" for name in sorted(asked))
        where = quote(path, safe="/-_.~")
        lines = [method, where, asked_text, *(f"{name}:{signed[name]}" for name in sorted(signed))]
        # The digest travels in x-amz-checksum-sha256, so the payload field stays out: SeaweedFS 4.48 rejects
        # a query signature over x-amz-content-sha256, MinIO and AWS take either.
        canonical = "\n".join([*lines, "", names, "UNSIGNED-PAYLOAD"])
        signature = self._signature(stamp, scope, canonical)
        url = f"{scheme}://{host}{where}?{asked_text}&X-Amz-Signature={signature}"
        return SignedRequest(method, url, dict(headers), now + lifetime)

    def sign_post(
        self,
        bucket: str,
        fields: Mapping[str, str],
        *,
        sizes: tuple[int, int],
        now: datetime,
        lifetime: timedelta,
    ) -> SignedPost:
        """Signs a form that stores one file of `sizes` bytes, at least and at most, in `bucket`; at most 7 days.

        Each of `fields` must be sent as it is. S3 and MinIO refuse every other field; SeaweedFS 4.48 takes those that
        no condition names, so name what must not be chosen by the sender. Other bytes, a missing checksum and a second
        use cannot be ruled out here: the reader must pin what it reads, and digest it.
        """
        _check(lifetime)
        stamp, scope = self._moment(now)
        ends = now.astimezone(UTC) + lifetime
        signed = {
            **fields,
            "x-amz-algorithm": _ALGORITHM,
            "x-amz-credential": f"{self.access_key}/{scope}",
            "x-amz-date": stamp,
        }
        least, most = sizes
        policy = {
            "expiration": ends.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conditions": [
                {"bucket": bucket},
                ["content-length-range", least, most],
                *(["eq", f"${name}", value] for name, value in signed.items()),
            ],
        }
        text = base64.b64encode(json.dumps(policy).encode()).decode()
        signature = self.signature_of(stamp, text)
        sent = {**signed, "policy": text, "x-amz-signature": signature}
        return SignedPost(f"{self.endpoint}/{_quoted(bucket)}", sent, now + lifetime)

    def signature_of(self, stamp: str, text: str) -> str:
        """The signature over a text as it is, as policies of forms are signed; `stamp` reads 20151229T000000Z."""
        key = f"AWS4{self.secret_key.get_secret_value()}".encode()
        for step in (stamp[:8], self.region, "s3", "aws4_request"):
            key = hmac.digest(key, step.encode(), "sha256")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _moment(self, now: datetime) -> tuple[str, str]:
        stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return stamp, f"{stamp[:8]}/{self.region}/s3/aws4_request"

    def _signature(self, stamp: str, scope: str, canonical: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return self.signature_of(stamp, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}")


def _check(lifetime: timedelta) -> None:
    if not timedelta(seconds=1) <= lifetime <= _LONGEST:
        raise ValueError("a signed request lives between 1 second and 7 days")


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
