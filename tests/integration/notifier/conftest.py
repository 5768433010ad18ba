"""What every test of the notifier starts from."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.notifier.post_office import PostOffice


@pytest.fixture
async def post() -> AsyncIterator[PostOffice]:
    office = await PostOffice().open()
    try:
        yield office
    finally:
        await office.close()
