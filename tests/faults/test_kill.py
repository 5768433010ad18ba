"""kill -9 at each write, publish and pull; the round goes on, and nothing is lost."""

import pytest

from shared.failpoints import FAILPOINTS
from tests.faults import test_orders, test_poison
from tests.integration.credentials import test_batch_faults
from tests.integration.registry import test_cluster_deaths

FEW = [("submissions", "submissions.after_assemble")]
"""What `make test` dies at; the campaign dies everywhere."""

CAMPAIGN = [
    ("registry", "aggregate.after_write:2"),
    ("notifier", "consumer.before_commit:3"),
    ("registry", "aggregate.before_write"),
    ("registry", "aggregate.before_write:3"),
    ("registry", "aggregate.after_write"),
    ("registry", "aggregate.after_write:4"),
    ("registry", "relay.before_publish:2"),
    ("registry", "relay.after_publish"),
    ("registry", "relay.after_publish:3"),
    ("registry", "relay.after_pull:2"),
    ("credentials", "aggregate.before_write:2"),
    ("credentials", "aggregate.after_write:2"),
    ("credentials", "aggregate.after_write:12"),
    ("credentials", "relay.before_publish:2"),
    ("credentials", "relay.after_publish:2"),
    ("credentials", "relay.after_pull:2"),
    ("credentials", "consumer.before_handle:2"),
    ("credentials", "consumer.before_commit:2"),
    ("credentials", "credentials.after_audit:2"),
    ("submissions", "aggregate.before_write:3"),
    ("submissions", "aggregate.after_write:3"),
    ("submissions", "relay.before_publish:3"),
    ("submissions", "relay.after_publish:3"),
    ("submissions", "relay.after_pull:3"),
    ("submissions", "consumer.before_handle:3"),
    ("submissions", "consumer.before_commit:3"),
    ("submissions", "submissions.after_begin"),
    ("submissions", "submissions.after_assemble:2"),
    ("submissions", "submissions.after_inspect"),
    ("notifier", "aggregate.before_write:2"),
    ("notifier", "aggregate.after_write:2"),
    ("notifier", "relay.before_publish:3"),
    ("notifier", "relay.after_publish:3"),
    ("notifier", "relay.after_pull:3"),
    ("notifier", "consumer.before_handle:3"),
    ("notifier", "notifier.before_send:3"),
    ("notifier", "notifier.after_send:3"),
]


async def survives(system, service: str, point: str) -> None:
    deaths = len(system.died)
    async with system.dying(service, point):
        outcome = await system.round()
        assert len(system.died) == deaths + 1, f"{service} passed {point} alive: the point was never reached"
    assert [f"{story.person.code}: {story.trouble}" for story in outcome.troubles] == []
    assert await system.clean() == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("service", "point"), FEW, ids=lambda word: word)
async def test_a_process_that_dies_loses_nothing(system, service, point):
    await survives(system, service, point)


@pytest.mark.campaign
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("service", "point"), CAMPAIGN, ids=lambda word: word)
async def test_a_process_that_dies_anywhere_loses_nothing(system, service, point):
    await survives(system, service, point)


def test_the_campaign_dies_at_every_point_there_is():
    points = [point for _, point in FEW + CAMPAIGN] + test_orders.FEW + test_orders.CAMPAIGN
    points += test_poison.CAMPAIGN
    points += [point for both in test_cluster_deaths.DEATHS + test_cluster_deaths.MORE_DEATHS for point in both]
    points += test_batch_faults.DEATHS
    assert {point.partition(":")[0] for point in points} == set(FAILPOINTS)
