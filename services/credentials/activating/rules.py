"""The rules of activation sheets: who may have one made, what makes it void, what its code opens.

A sheet is half of what a claim needs. Whoever carries it down the chain, or finds it, still lacks the code that
goes to the holder's registered contact; whoever reads that mailbox still lacks the sheet.
"""

from datetime import datetime, timedelta
from typing import Final

from services.credentials.domain import Credential, Event, Frozen, HolderKind, Refusal, common, credential_id
from shared.contracts.events import SheetMade
from shared.security.principals import Principal, Role
from shared.security.scope import may_act

SHEET_LIFE: Final = timedelta(days=45)
"""Weeks of post from the department to a remote center, and a month to act; then a new one is made."""


class Activation(Frozen):
    """The newest sheet of a credential. A newer one takes its place: the code before opens nothing from then on."""

    round: str
    holder: str
    kind: HolderKind
    credential: str
    """Id of the credential's record."""
    turn: int
    sheet: str
    """Its number, printed on it: who prints it and who files it can speak of it without the code."""
    digest: str
    made_at: datetime
    ends: datetime
    by_role: str
    by_org: str


def may_print(who: Principal, credential: Credential) -> bool:
    """The department and operators for anybody; an LAO for its own centers, whose letters it hands on anyway.

    Provinces and districts pass sheets on and make none. An LAO's own sheet is made above it: nobody prints for itself
    both what is printed and what is mailed.
    """
    if who.role in {Role.DEPARTMENT, Role.OPERATOR}:
        return True
    return who.role is Role.LAO and credential.kind == "center" and may_act(who, credential.path, credential.center)


def print_sheet(
    credential: Credential, sheet: str, digest: str, who: Principal, now: datetime
) -> tuple[Activation, list[Event]] | Refusal:
    """A new sheet for a credential that waits to be claimed."""
    if credential.erased_at is not None:
        return Refusal.ERASED
    if not credential.claimable:
        return Refusal.NOT_ISSUED
    if credential.reveal is not None:
        return Refusal.ALREADY_CLAIMED
    if credential.state == "expired":
        return Refusal.ENDED
    made = Activation(
        round=credential.round,
        holder=credential.holder,
        kind=credential.kind,
        credential=credential_id(credential.round, credential.kind, credential.holder),
        turn=credential.turn,
        sheet=sheet,
        digest=digest,
        made_at=now,
        ends=now + SHEET_LIFE,
        by_role=who.role.value,
        by_org=who.org,
    )
    told = SheetMade(
        **common(credential),
        by_role=made.by_role,
        by_org=made.by_org,
        sheet=sheet,
        made_at=now,
        ends=made.ends,
    )
    return made, [told]


def opens(activation: Activation | None, credential: Credential | None, now: datetime) -> bool:
    """Whether a sheet's code begins a claim. One whose credential was opened does, so that the alarm can be raised."""
    return (
        activation is not None
        and credential is not None
        and now < activation.ends
        and activation.turn == credential.turn
        and credential.claimable
    )
