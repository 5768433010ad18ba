"""Where credentials stand, over HTTP: lists and counts by part of the tree. Never a secret, never a code."""

from typing import Annotated

from fastapi import Depends, Path, Query

from services.credentials.domain import Credential, HolderKind, State
from services.credentials.journal import Journal
from services.credentials.overseeing.sight import Sight
from services.credentials.overseeing.store import Tier, TreeStore
from services.credentials.overseeing.views import Standing, StateCounts, standing_of
from services.credentials.store import CredentialsStore
from services.credentials.views import CredentialMetadata, metadata_of
from shared.http import Page, PageQuery, Problem, Router, requires, write_cursor
from shared.http.problems import OUT_OF_SCOPE
from shared.security.principals import Principal, Role
from shared.security.scope import may_see

RoundId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,40}$", description="รอบการประเมิน / round")]
HolderCode = Annotated[str, Path(pattern=r"^[^\x00-\x20/#|]{1,64}$", description="รหัสศูนย์หรือ อปท. / center or LAO code")]
Within = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9A-Za-z._-]{1,40}$",
        description="รหัสหน่วยงาน ไม่ระบุคือเขตของท่านเอง / organization; by default one's own",
    ),
]
Anyone = Annotated[Principal, Depends(requires())]
Officer = Annotated[
    Principal,
    Depends(
        requires(Role.DEPARTMENT, Role.PROVINCE, Role.DISTRICT, Role.LAO, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR)
    ),
]


def oversight_routes(store: CredentialsStore, tree: TreeStore, sight: Sight, journal: Journal) -> Router:
    """Lists, counts, and what may be known of one holder's credential."""
    router = Router(prefix="/v1")

    @router.get("/rounds/{round}/holders", tags=["oversight"])
    async def holders(
        round: RoundId,  # noqa: A002
        who: Officer,
        page: Annotated[PageQuery, Depends()],
        within: Within = None,
        state: State | None = None,
    ) -> Page[Standing]:
        """Holders of a round below an organization, and where each credential stands."""
        part = await sight.part(who, within, "credential.list", round)
        found = await tree.within(round, part, state, page.after(), page.limit)
        await journal.listed(who, "credential.list", part, f"{round} {state or 'all'}")
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=await _named(tree, [each for _, each in found]), next=following)

    @router.get("/rounds/{round}/holders/counts", tags=["oversight"])
    async def counts(
        round: RoundId,  # noqa: A002
        who: Officer,
        page: Annotated[PageQuery, Depends()],
        within: Within = None,
        by: Tier = "district",
    ) -> Page[StateCounts]:
        """How many credentials stand in each state, by province, district or LAO."""
        part = await sight.part(who, within, "credential.list", round)
        after = page.after()
        rows = await tree.count(round, part, by, after, page.limit)
        names = await tree.names_of("organization", [code for code, _ in rows if code])
        items = [
            StateCounts(
                code=code, name=names.get(code or "", {}).get("name"), total=sum(states.values()), states=states
            )
            for code, states in rows
        ]
        last = rows[-1][0] if rows else None
        return Page(items=items, next=write_cursor(last) if last and len(rows) == page.limit else None)

    @router.get("/holders/{code}/credential", tags=["oversight"])
    async def metadata(
        code: HolderCode,
        who: Anyone,
        round: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,40}$")] = None,  # noqa: A002
    ) -> CredentialMetadata:
        """What officers may know of a holder's credential: that it is there, and whether it was opened."""
        credential = await seen(store, who, code, round)
        if credential is None:
            await journal.declined(who, "holder", code, "credential.look", "out_of_scope", round or "")
            raise not_seen()
        await journal.looked(who, credential)
        return metadata_of(credential)

    return router


async def seen(
    store: CredentialsStore, who: Principal, code: str, round_id: str | None, kind: HolderKind | None = None
) -> Credential | None:
    """The newest credential of a holder that the caller may see; None for unknown and foreign ones alike."""
    for credential in await store.latest_credentials(code, round_id):
        if kind in {None, credential.kind} and sees(who, credential):
            return credential
    return None


def not_seen() -> Problem:
    """There is none here, or none that the caller may know of: one answer."""
    return OUT_OF_SCOPE.problem(
        "ไม่มีรหัสนี้ในเขตที่ท่านดูแล", "There is no such credential in your part of the tree.", where="path.code"
    )


def sees(who: Principal, credential: Credential) -> bool:
    """Whether a caller may know where a credential stands: its own, and that of a holder it carries on for."""
    own = {credential.holder, credential.successor}
    if credential.kind == "lao":
        return who.org in own if who.role is Role.LAO else may_see(who, credential.path)
    return may_see(who, credential.path, who.org if who.org in own else None)


async def _named(tree: TreeStore, credentials: list[Credential]) -> list[Standing]:
    centers = await tree.names_of("center", [each.holder for each in credentials if each.kind == "center"])
    laos = await tree.names_of("lao", [each.holder for each in credentials if each.kind == "lao"])
    items = []
    for each in credentials:
        known = (centers if each.kind == "center" else laos).get(each.holder, {})
        items.append(standing_of(each, known.get("name"), bool(known.get("email"))))
    return items
