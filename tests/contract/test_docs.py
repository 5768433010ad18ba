"""What the documents say of the public surface is what the code says."""

from pathlib import Path

import pytest

from shared.contracts.topics import all_topics
from tests.contract.settings_table import FILE, page

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)
def test_every_topic_stands_in_the_documents_as_it_is(topic):
    kept = "compacted" if topic.compacted else f"{topic.kept.days} days"
    row = f"| `{topic.named('saraban')}` | {topic.key} | {kept} | {topic.carries} |"
    assert row in (DOCS / "events.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_documents_as_it_is():
    assert FILE.read_text(encoding="utf-8") == page(), "run: python -m tests.contract.settings_table"
