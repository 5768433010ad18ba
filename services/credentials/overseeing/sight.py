"""What part of the tree a caller may ask about: one rule for every list of the vault."""

from typing import Final

from services.credentials.journal import Journal
from services.credentials.overseeing.store import TreeStore
from services.credentials.store import CredentialsStore
from shared.http.problems import OUT_OF_SCOPE, ROUND_UNKNOWN
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_see

_TIERS: Final = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})


class Sight:
    """Asked before anything of a part of the tree is read. Who is refused stands in the trail before it is told so."""

    def __init__(self, store: CredentialsStore, tree: TreeStore, journal: Journal) -> None:
        self._store, self._tree, self._journal = store, tree, journal

    async def part(
        self,
        who: Principal,
        within: str | None,
        action: str,
        round_id: str | None = None,
        *,
        where: str = "query.within",
    ) -> str:
        """The organization asked about, the caller's own where it names none. `action` is what it wants to do there.

        Raises the problems of an unknown round and of a part that is not the caller's.
        """
        if round_id is not None and await self._store.round(round_id) is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        code = within or (who.org if who.role in _TIERS else DEPARTMENT_CODE)
        path = (DEPARTMENT_CODE,) if code == DEPARTMENT_CODE else await self._tree.path_of(code)
        if path is None or not may_see(who, path):
            await self._journal.declined(who, "organization", code, action, "out_of_scope", round_id or "")
            raise OUT_OF_SCOPE.problem(where=where)
        return code
