"""How a call to the object store may fail, as types that a caller can act on."""

from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from shared import failures

_TRY_LATER = frozenset(
    {"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "InternalError", "ServiceUnavailable"}
)
_FIRST_SERVER_ERROR = 500
_NOT_FOUND = 404


class BlobError(Exception):
    """A call to the object store failed. `code` is the store's own word for it, never a key or a URL."""

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation = operation
        self.code = code


class Unavailable(BlobError, failures.Unavailable):  # noqa: N818
    """The store did not answer, or said that it cannot now. The effect is unknown; ask again."""


class NotFound(BlobError):  # noqa: N818
    """The bucket, object, version or multipart upload is not there."""


class Refused(BlobError):  # noqa: N818
    """The store understood and said no. Asking again changes nothing."""


def translated(operation: str, error: Exception) -> BlobError:
    """The typed form of what minio or urllib3 raised. Anything else is a bug and is raised again as it is."""
    if isinstance(error, S3Error):
        return _from_s3(operation, error)
    if isinstance(error, ServerError):
        return Unavailable(operation, f"http {error.status_code}")
    if isinstance(error, InvalidResponseError):
        # A proxy's page or a cut body: minio keeps its status in a private field alone.
        status = int(getattr(error, "_code", _FIRST_SERVER_ERROR))
        kind = Unavailable if status >= _FIRST_SERVER_ERROR or status < 300 else Refused  # noqa: PLR2004
        return kind(operation, f"http {status} without xml")
    if isinstance(error, (HTTPError, OSError, ParseError)):
        return Unavailable(operation, type(error).__name__)
    if isinstance(error, (MinioException, ValueError)):
        return Refused(operation, type(error).__name__)
    raise error


def _from_s3(operation: str, error: S3Error) -> BlobError:
    code = error.code or "unknown"
    status = error.response.status
    if code in _TRY_LATER or status >= _FIRST_SERVER_ERROR:
        return Unavailable(operation, code)
    if status == _NOT_FOUND or code.startswith("NoSuch"):
        return NotFound(operation, code)
    return Refused(operation, code)
