"""The registry's routes, room by room."""

from collections.abc import Callable
from datetime import datetime

from services.registry.clusters import api as clusters
from services.registry.clusters import exports_api, files_api, plans_api
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.files import ClusterRows
from services.registry.clusters.plan_desk import PlanDesk
from services.registry.clusters.store import ClusterStore
from services.registry.clusters.workers import Workers
from services.registry.due import api as five_years
from services.registry.due.store import DueStore
from services.registry.reading import api as lists
from services.registry.reading.handing import HandingOut
from services.registry.reading.scope import Scope
from services.registry.roll import api as rolls
from services.registry.roll import deciding
from services.registry.roll.agreeing import Agreeing
from services.registry.roll.importing import Importing
from services.registry.rounds import api as rounds
from services.registry.rounds import extending, extension_files, files
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.opening import Opening
from services.registry.rounds.papers import Papers
from services.registry.store import RegistryStore
from services.registry.tree import api as orders
from services.registry.tree import files as order_files
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
        extension_files.router(store, HandingOut(store), clock),
        *files.routers(store, keeper, papers, journal, clock),
    ]


def due_routers(store: RegistryStore, due: DueStore) -> list[Router]:
    """The five-year rule."""
    return [five_years.router(store, due)]


def roll_routers(importing: Importing, agreeing: Agreeing, journal: Journal, clock: Clock) -> list[Router]:
    """Rolls, and those that wait for a second person."""
    return [rolls.router(importing, agreeing, journal.enter, clock), deciding.router(agreeing, journal.enter, clock)]


def tree_routers(store: RegistryStore, tree: TreeStore, desk: OrderDesk, clock: Clock) -> list[Router]:
    """The tree: its lists, its past, and the orders that change it."""
    times = Times(tree)
    return [
        lists.router(store, telling.Telling(times)),
        telling.router(store, times),
        *orders.routers(desk, tree, Scope(store), clock),
        order_files.router(tree, Scope(store), HandingOut(store)),
    ]


def cluster_routers(
    store: RegistryStore, kept: ClusterStore, desk: ClusterDesk, plans: PlanDesk, workers: Workers, journal: Journal
) -> list[Router]:
    """Clusters, the plans they come from, and what one takes along of them. Fixed names come before ids."""
    scope = Scope(store)
    return [
        plans_api.router(plans, desk, scope, journal),
        exports_api.router(desk, plans, kept, scope),
        files_api.router(desk, plans, ClusterRows(store, kept), scope, HandingOut(store)),
        clusters.router(desk, kept, scope, workers, journal),
    ]
