"""What the documents say of the public surface is what the code says."""

from pathlib import Path

import pytest

from services.submissions.chasing.causes import CAUSES
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.reviewing.reasons import REASONS
from services.submissions.reviewing.refusals import WORDS
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


@pytest.mark.parametrize("said", [*FINDINGS.values(), *REASONS.values()], ids=lambda said: said.code)
def test_every_reason_why_a_report_comes_back_stands_in_the_documents_as_it_is(said):
    row = f"| `{said.code}` | {said.sentence} | {said.sentence_en} |"
    assert row in (DOCS / "reports.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("code", WORDS)
def test_every_reason_why_a_verdict_does_not_count_stands_in_the_documents_as_it_is(code):
    row = f"| `{code}` | {WORDS[code].sentence} | {WORDS[code].sentence_en} |"
    assert row in (DOCS / "reports.md").read_text(encoding="utf-8").splitlines()
    assert f"`{code}`" in (DOCS / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_of_a_chase_stands_in_the_documents(cause):
    assert f"| `{cause}` | " in (DOCS / "reports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_for_a_return_stands_where_publishers_read(code):
    assert f"`{code}`" in (DOCS / "events.md").read_text(encoding="utf-8")
