"""Whoever is refused anything is told in Thai and in English what is wrong and what to do about it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import get_args

import pytest

import services
import shared
from services.submissions import problems
from services.submissions.domain import FailReason
from services.submissions.reviewing.refusals import WORDS
from shared.http.problems import CATALOGUE, ProblemKind

THAI = re.compile("[ก-๙]")


def every_kind() -> list[ProblemKind]:
    """All kinds of problem of all services: in the catalogue are those of tests too, and of imported modules only."""
    for package in (services, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    ours = (kind for kind in CATALOGUE.values() if not kind.slug.startswith("test-"))
    return sorted(ours, key=lambda kind: kind.slug)


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.slug)
def test_each_kind_of_problem_says_what_and_what_to_do_in_both_languages(kind: ProblemKind) -> None:
    for thai in (kind.title, kind.hint):
        assert thai, "said"
        assert THAI.search(thai), "in Thai"
    for english in (kind.title_en, kind.hint_en):
        assert english, "said"
        assert not THAI.search(english), "in English"


def test_each_reason_why_an_upload_failed_has_a_kind_and_only_the_senders_own_blames_the_sender() -> None:
    assert set(problems.FAILED) == set(get_args(FailReason))
    blamed = {reason for reason, kind in problems.FAILED.items() if kind is problems.NOT_AS_DECLARED}
    assert blamed == {"digest_mismatch"}


@pytest.mark.parametrize("code", WORDS)
def test_each_reason_why_a_verdict_does_not_count_is_a_sentence_in_both_languages(code: str) -> None:
    words = WORDS[code]  # type: ignore[index]
    assert THAI.search(words.sentence)
    assert not THAI.search(words.sentence_en)
    assert words.sentence_en.endswith(".")
