"""The audit chain: it holds as written, and breaks wherever it was touched."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.events import AuditRecorded
from shared.security.audit import Break, Deed, link, verify

START = datetime(2025, 10, 1, 3, 0, 0, 123456, tzinfo=UTC)


def chain_of(count: int) -> list[AuditRecorded]:
    links: list[AuditRecorded] = []
    for number in range(count):
        deed = Deed("someone", "center", "reveal", "c1", "allowed", f"d{number}")
        links.append(link(links[-1] if links else None, "c1", deed, START + timedelta(seconds=number)))
    return links


def test_a_chain_holds_as_it_was_written() -> None:
    links = chain_of(5)
    assert verify("c1", links, head=links[-1].hash) == []


def test_an_empty_chain_holds_unless_a_head_is_known_elsewhere() -> None:
    assert verify("c1", []) == []
    assert verify("c1", [], head="ab") == [Break("c1", 0, "head-missing")]


@given(st.sampled_from(["actor", "role", "action", "subject", "detail", "outcome", "time"]), st.integers(0, 4))
def test_any_field_changed_breaks_the_chain_there(field: str, at: int) -> None:
    links = chain_of(5)
    changed = {"outcome": "refused", "time": START - timedelta(days=1)}.get(field, "other")
    links[at] = links[at].model_copy(update={field: changed})
    assert Break("c1", at + 1, "hash-differs") in verify("c1", links)


@given(st.integers(0, 3))
def test_a_link_taken_out_is_missed(at: int) -> None:
    links = chain_of(5)
    del links[at]
    assert {each.fault for each in verify("c1", links)} >= {"number-differs", "predecessor-differs"}


def test_a_chain_cut_short_is_missed_by_its_head() -> None:
    links = chain_of(5)
    assert verify("c1", links[:-1]) == []
    assert verify("c1", links[:-1], head=links[-1].hash) == [Break("c1", 4, "head-differs")]


def test_a_link_rewritten_with_a_new_hash_breaks_the_next() -> None:
    links = chain_of(3)
    deed = Deed("another", "center", "reveal", "c1", "allowed")
    links[1] = link(links[0], "c1", deed, links[1].time)
    assert verify("c1", links) == [Break("c1", 3, "predecessor-differs")]


def test_a_link_of_another_chain_is_not_taken() -> None:
    assert verify("c2", chain_of(1)) == [Break("c2", 1, "hash-differs")]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_database_keeping_milliseconds_does_not_break_a_link(now: datetime) -> None:
    written = link(None, "c1", Deed("a", "center", "reveal", "c1", "allowed"), now)
    kept = written.model_copy(update={"time": now.replace(microsecond=now.microsecond // 1000 * 1000)})
    assert verify("c1", [kept]) == []
