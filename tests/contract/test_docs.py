"""What the documents say of the public surface is what the code says."""

import re
from pathlib import Path

import pytest

from deploy.local.brought import VARIABLES
from services.submissions.chasing.causes import CAUSES
from services.submissions.inspecting.findings import FINDINGS, NOTES
from services.submissions.reviewing.reasons import REASONS
from services.submissions.reviewing.refusals import WORDS
from shared.contracts.topics import all_topics
from tests.contract.settings_table import FILE, page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROOMS = ("services", "shared", "deploy", "tests", "docs", "requirements")
TEXTS = {".py", ".md", ".toml", ".html", ".js", ".css", ".in", ".txt", ".json"}
PAGE = re.compile(r"(?<![\w./-])docs/[A-Za-z0-9_./-]+\.md")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)
def test_every_topic_stands_in_the_documents_as_it_is(topic):
    kept = "compacted" if topic.compacted else f"{topic.kept.days} days"
    row = f"| `{topic.named('saraban')}` | {topic.key} | {kept} | {topic.carries} |"
    assert row in (DOCS / "events.md").read_text(encoding="utf-8")


def test_every_server_that_a_user_may_bring_stands_in_the_documents():
    page = (DOCS / "stacks.md").read_text(encoding="utf-8").partition("## Your own servers")[2]
    rows = [line for line in page.partition("\n## ")[0].splitlines() if line.startswith("| `SARABAN_")]
    assert {row.split("`")[1] for row in rows} == set(VARIABLES.values())


def test_every_setting_stands_in_the_documents_as_it_is():
    assert FILE.read_text(encoding="utf-8") == page(), "run: python -m tests.contract.settings_table"


@pytest.mark.parametrize("said", [*FINDINGS.values(), *NOTES.values(), *REASONS.values()], ids=lambda said: said.code)
def test_what_is_said_of_a_report_stands_in_the_documents_as_it_is(said):
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


def texts() -> list[Path]:
    """Every file that may name a page."""
    inside = [file for room in ROOMS for file in (ROOT / room).rglob("*") if file.suffix in TEXTS]
    return [*inside, *(file for file in ROOT.iterdir() if file.is_file() and file.suffix in {"", *TEXTS})]


def test_every_page_that_is_named_is_there():
    named = {(page, file) for file in texts() for page in PAGE.findall(file.read_text(encoding="utf-8"))}
    assert len({page for page, _ in named}) > 3, "the search finds pages"
    gone = sorted(f"{file.relative_to(ROOT)} names {page}" for page, file in named if not (ROOT / page).is_file())
    assert gone == []


@pytest.mark.parametrize("page", sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")]), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
