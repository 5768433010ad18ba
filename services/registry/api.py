"""The registry's routes, room by room."""

from collections.abc import Callable
from datetime import datetime

from services.registry.reading import api as lists
from services.registry.reading.scope import Scope
from services.registry.roll import api as rolls
from services.registry.roll.importing import Importing
from services.registry.rounds import api as rounds
from services.registry.rounds import extending, files
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.opening import Opening
from services.registry.rounds.papers import Papers
from services.registry.store import RegistryStore
from services.registry.tree import api as orders
from services.registry.tree import telling
from services.registry.tree.desk import OrderDesk
from services.registry.tree.store import TreeStore
from services.registry.tree.times import Times
from shared.http import Router

Clock = Callable[[], datetime]


def round_routers(
    store: RegistryStore, keeper: RoundKeeper, opening: Opening, papers: Papers, journal: Journal, clock: Clock
) -> list[Router]:
    """Rounds, their extensions and their files."""
    return [
        *rounds.routers(store, keeper, opening, journal, clock),
        extending.router(store, keeper, journal, clock),
        *files.routers(store, keeper, papers, journal, clock),
    ]


def roll_routers(importing: Importing, clock: Clock) -> list[Router]:
    """Rolls."""
    return [rolls.router(importing, clock)]


def tree_routers(store: RegistryStore, tree: TreeStore, desk: OrderDesk, clock: Clock) -> list[Router]:
    """The tree: its lists, its past, and the orders that change it."""
    times = Times(tree)
    return [
        lists.router(store, telling.Telling(times)),
        telling.router(store, times),
        *orders.routers(desk, tree, Scope(store), clock),
    ]
