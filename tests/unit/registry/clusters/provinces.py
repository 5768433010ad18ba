"""Small provinces for tests of the rules on clusters."""

from collections.abc import Sequence

from services.registry.clusters.answering import answered, question
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import Book, Part, Plan
from services.registry.clusters.preparing import parts
from services.registry.clusters.sites import Charges, Unplaced
from services.registry.clusters.task import Found, work
from shared.thai.calendar import now_in_bangkok

PROVINCE = "58"


def center(
    number: int, *, at: tuple[float, float] | None = None, district: str = "5801", lao: str = "6580101"
) -> Unplaced:
    """Centers lie in a row, some kilometers apart, unless they are placed elsewhere."""
    latitude, longitude = at or (19.0, 98.0 + number / 20)
    return Unplaced(f"c{number:02}", f"ศูนย์ {number}", lao, district, f"{district}01", latitude, longitude, PROVINCE)


def nowhere(number: int, *, district: str = "5801", subdistrict: str = "580101") -> Unplaced:
    return Unplaced(f"c{number:02}", f"ศูนย์ {number}", "6580101", district, subdistrict, None, None, PROVINCE)


def row(count: int) -> list[Unplaced]:
    return [center(number) for number in range(count)]


def cluster(name: str, members: Sequence[str], **marks: object) -> Cluster:
    return Cluster(round="r", cluster=name, path=("00", PROVINCE), members=tuple(members)).model_copy(update=marks)


def part(centers: Sequence[Unplaced], standing: Sequence[Cluster] = (), *, serial: int = 0) -> Part:
    """The part of a plan for these centers, which are in these clusters by now."""
    plan = Plan(
        plan="p", round="r", charges=Charges(), provinces=None, asked_role="department", asked_org="00",
        asked_at=now_in_bangkok(),
    )  # fmt: skip
    book = Book(round="r", province=PROVINCE, revision=1, serial=serial)
    return parts(plan, {PROVINCE: centers}, {PROVINCE: book}, {PROVINCE: list(standing)})[0]


def solved(found: Part, charges: Charges | None = None) -> Part:
    """The part with its best answer."""
    last: Found | None = None
    for last in work(question(found, charges or Charges())):
        assert last.bound <= last.cost + 1e-6
    assert last is not None
    return answered(found, charges or Charges(), last)
