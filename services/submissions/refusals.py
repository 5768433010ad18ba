"""Why a command was refused, as values that say what the caller needs to know."""

from dataclasses import dataclass
from datetime import datetime

from services.submissions.domain import Upload


@dataclass(frozen=True, slots=True)
class NothingOwed:
    """The center is not on the round's roll, or no longer."""


@dataclass(frozen=True, slots=True)
class RoundNotOpen:
    """The round takes no reports: not yet, or no more."""

    state: str


@dataclass(frozen=True, slots=True)
class TooManyUploads:
    """So many are under way that another helps nobody."""

    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TooManyReports:
    """The center has sent more versions than any need explains."""


@dataclass(frozen=True, slots=True)
class ResendingOver:
    """A report stands, and its deadline has passed: a new version is taken when it is returned."""

    deadline: datetime


@dataclass(frozen=True, slots=True)
class AlreadyApproved:
    """ONESQA took the report: nothing more is to be sent."""


@dataclass(frozen=True, slots=True)
class FileTooLarge:
    """The file is larger than `largest` bytes."""

    largest: int


@dataclass(frozen=True, slots=True)
class WrongFileType:
    """The file says of itself that it is no PDF."""


@dataclass(frozen=True, slots=True)
class UploadOver:
    """Nothing can be done with this upload any more."""

    upload: Upload


@dataclass(frozen=True, slots=True)
class PartUnknown:
    """The file has no part with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class PartDigestChanged:
    """The part was declared with other bytes before. A changed file needs an upload of its own."""

    number: int


@dataclass(frozen=True, slots=True)
class PartsMissing:
    """These parts are not in the store, or not in their size. `lost`: it had them all before."""

    numbers: tuple[int, ...]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class FileNotArrived:
    """Nothing was posted with this form yet."""


@dataclass(frozen=True, slots=True)
class FileReplaced:
    """What lies in the store is not the file that was to be confirmed: the form was posted once more."""


Stands = ResendingOver | AlreadyApproved
CannotOpen = NothingOwed | RoundNotOpen | TooManyUploads | TooManyReports | Stands
FormRefused = FileNotArrived | FileReplaced | FileTooLarge
