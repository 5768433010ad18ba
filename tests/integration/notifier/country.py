"""A small country on a real bus: what the other services would tell of it, in any order a test likes."""

from datetime import datetime, timedelta
from typing import Any

from services.notifier.settings import NotifierSettings
from shared.contracts.events import (
    CenterChanged,
    CredentialIssued,
    ObligationChanged,
    OrganizationChanged,
    ReportReceived,
    ReportRejected,
    RoundChanged,
)
from shared.thai.calendar import BANGKOK
from tests.integration.notifier.post_office import PostOffice
from tests.world import World

ROUND = "2569"
DEADLINE = datetime(2030, 10, 31, 23, 59, tzinfo=BANGKOK)
LAO = "6580101"
PATH = ("00", "58", "5801", LAO)


def settings(world: World, post: PostOffice, **changes: Any) -> NotifierSettings:
    """The notifier of this world, in a hurry."""
    hurried = {
        "smtp_url": post.url,
        "smtp_from": "saraban@example.org",
        "mail_settle_seconds": 0,
        "mail_first_wait_seconds": 0.2,
        "mail_lease_seconds": 4,
        "mail_send_timeout_seconds": 2,
    }
    return world.settings(NotifierSettings, **{**hurried, **changes})


def address(code: str) -> str:
    return f"{code}@office.example.org"


class Country:
    """Publishes as the other services would."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def organizations(self, *laos: str, sequence: int = 1, **changes: Any) -> None:
        tree = [("00", "department", None, ("00",)), ("58", "province", "00", ("00", "58"))]
        tree += [("5801", "district", "58", ("00", "58", "5801")), ("10", "province", "00", ("00", "10"))]
        tree += [(lao, "lao", "5801", ("00", "58", "5801", lao)) for lao in laos]
        await self.world.publish(
            "registry",
            *(
                (
                    code,
                    sequence,
                    OrganizationChanged(
                        **{
                            "code": code,
                            "kind": kind,
                            "name": f"หน่วยงาน {code}",
                            "parent": parent,
                            "path": path,
                            "email": address(code),
                            **changes,
                        }
                    ),
                )
                for code, kind, parent, path in tree
            ),
            ids="organization",
        )

    async def centers(self, *codes: str, lao: str = LAO, sequence: int = 1, **changes: Any) -> None:
        await self.world.publish(
            "registry",
            *(
                (
                    code,
                    sequence,
                    CenterChanged(
                        **{
                            "code": code,
                            "name": f"ศพด. {code}",
                            "lao": lao,
                            "path": (*PATH[:3], lao),
                            "subdistrict": "580101",
                            "email": address(code),
                            **changes,
                        }
                    ),
                )
                for code in codes
            ),
            ids="center",
        )

    async def round(self, state: str, *, sequence: int = 1, **changes: Any) -> None:
        data = RoundChanged(
            **{
                "round": ROUND,
                "fiscal_year": 2569,
                "academic_year": 2567,
                "deadline": DEADLINE,
                "grace_minutes": 0,
                "state": state,
                **changes,
            }
        )
        await self.world.publish("registry", (ROUND, sequence, data), ids="round")

    async def obligations(self, *codes: str, lao: str = LAO, owed: bool = True, sequence: int = 1) -> None:
        path = (*PATH[:3], lao)
        await self.world.publish(
            "registry",
            *(
                (
                    f"{ROUND}/{code}",
                    sequence,
                    ObligationChanged(round=ROUND, center=code, lao=lao, path=path, owed=owed),
                )
                for code in codes
            ),
            ids="obligation",
        )

    async def credentials(self, *holders: str, lao: bool = False) -> None:
        await self.world.publish(
            "credentials",
            *(
                (
                    code,
                    1,
                    CredentialIssued(
                        round=ROUND,
                        holder=code,
                        holder_kind="lao" if lao else "center",
                        credential=f"cr-{code}",
                        version=1,
                        path=PATH,
                    ),
                )
                for code in holders
            ),
            ids="credential",
        )

    async def received(self, center: str, version: int = 1) -> None:
        await self.world.publish(
            "submissions",
            (f"{ROUND}/{center}", 2 * version - 1, ReportReceived(**_report(center, version))),
            ids="report",
        )

    async def rejected(self, center: str, version: int = 1) -> None:
        why = {"reason": "encrypted", "sentence": "ไฟล์เข้ารหัส", "sentence_en": "encrypted", "decided_at": DEADLINE}
        await self.world.publish(
            "submissions",
            (f"{ROUND}/{center}", 2 * version, ReportRejected(**_report(center, version), **why)),
            ids="report",
        )


def _report(center: str, version: int) -> dict[str, Any]:
    return {
        "round": ROUND,
        "center": center,
        "upload": f"u-{center}-{version}",
        "version": version,
        "receipt": f"R-{center}-{version}",
        "sha256": "ab" * 32,
        "size": 10,
        "received_at": DEADLINE - timedelta(days=1),
        "late": False,
        "path": PATH,
    }
