"""Which master key wraps how many data keys, over HTTP: names and counts, never a key."""

from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel

from services.credentials.journal import Journal
from services.credentials.keeping.masters import MasterState, read_state
from shared.http import Router, requires
from shared.mongo.sealing import Vault
from shared.security.principals import Principal, Role

Keeper = Annotated[Principal, Depends(requires(Role.OPERATOR, Role.AUDITOR))]


class MasterShown(BaseModel):
    """One master key. `setting` is the variable that names it; none for a `strange` one, whose keys open nowhere.

    `removable`: nothing lies under it any more, so it can be taken out of SARABAN_MASTER_KEY_ALSO.
    """

    name: str
    setting: Literal["SARABAN_MASTER_KEY", "SARABAN_MASTER_KEY_ALSO"] | None
    keys: int
    keyring: bool
    removable: bool


class KeysShown(BaseModel):
    """`waiting`: how many keys rotation has yet to move; `done` when none has to be, and all open."""

    masters: list[MasterShown]
    waiting: int
    done: bool


def key_routes(vault: Vault, journal: Journal) -> Router:
    """For whoever changes the master key."""
    router = Router(prefix="/v1")

    @router.get("/keys", tags=["keys"])
    async def keys(who: Keeper) -> KeysShown:
        """How many data keys lie under which master key: an old one may go once `removable` says so."""
        await journal.read(who, "keys", "masters", "keys.look")
        return shown(await read_state(vault))

    return router


def shown(state: MasterState) -> KeysShown:
    """The state as operators see it: the current key, the others in the order of their setting, then strange ones."""
    others: list[tuple[str, Literal["SARABAN_MASTER_KEY_ALSO"] | None]] = [
        *((name, "SARABAN_MASTER_KEY_ALSO") for name in state.also),
        *((name, None) for name in state.strange),
    ]
    masters = [_shown(state, state.current, "SARABAN_MASTER_KEY"), *(_shown(state, *other) for other in others)]
    return KeysShown(masters=masters, waiting=state.waiting, done=not state.waiting and not state.strange)


def _shown(
    state: MasterState, name: str, setting: Literal["SARABAN_MASTER_KEY", "SARABAN_MASTER_KEY_ALSO"] | None
) -> MasterShown:
    return MasterShown(
        name=name,
        setting=setting,
        keys=state.keys.get(name, 0),
        keyring=state.keyring == name,
        removable=name in state.removable,
    )
