"""What the world is told of the registry's state: each aggregate's events, in whole states."""

from services.registry.domain import Center, Obligation, Organization, Round
from shared.contracts.events import CenterChanged, ObligationChanged, OrganizationChanged, RoundChanged
from shared.contracts.status import StageChanged
from shared.thai.calendar import in_bangkok


def organization_changed(node: Organization) -> OrganizationChanged:
    """Key: the organization's code."""
    return OrganizationChanged(
        code=node.code,
        kind=node.kind,
        name=node.name,
        parent=node.parent,
        path=node.path,
        email=node.email,
        state=node.state,
        successor=node.successor,
    )


def center_changed(center: Center) -> CenterChanged:
    """Key: the center's code."""
    return CenterChanged(
        code=center.code,
        name=center.name,
        lao=center.lao,
        path=center.path,
        subdistrict=center.subdistrict,
        latitude=center.latitude,
        longitude=center.longitude,
        email=center.email,
        last_assessed=center.last_assessed,
        state=center.state,
        successor=center.successor,
    )


def round_changed(state: Round) -> RoundChanged:
    """Key: the round's id. Times are at +07:00."""
    return RoundChanged(
        round=state.round,
        fiscal_year=state.fiscal_year,
        academic_year=state.academic_year,
        deadline=in_bangkok(state.deadline),
        grace_minutes=state.grace_minutes,
        state=state.state,
        extensions=state.extensions,
        obligations=state.obligations,
    )


def obligation_changed(obligation: Obligation) -> ObligationChanged:
    """Key: `round/center`."""
    return ObligationChanged(
        round=obligation.round,
        center=obligation.center,
        lao=obligation.lao,
        path=obligation.path,
        owed=obligation.owed,
        successor=obligation.successor,
        cause=obligation.cause,
    )


def obligation_stage(obligation: Obligation) -> StageChanged:
    """The plain record for dashboards. Key: `round/center/obligation`."""
    return StageChanged(
        round=obligation.round,
        center=obligation.center,
        stage="obligation",
        state="owed" if obligation.owed else "released",
        since=in_bangkok(obligation.since),
        path=obligation.path,
    )
