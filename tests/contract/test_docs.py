"""What the documents say of the public surface is what the code says."""

from pathlib import Path

import pytest

from shared.contracts.topics import all_topics

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)
def test_every_topic_stands_in_the_documents_as_it_is(topic):
    kept = "compacted" if topic.compacted else f"{topic.kept.days} days"
    row = f"| `{topic.named('saraban')}` | {topic.key} | {kept} | {topic.carries} |"
    assert row in (DOCS / "events.md").read_text(encoding="utf-8")
