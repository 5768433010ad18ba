"""A list holds what was asked for, the best first, and never what lies outside the branch of the one who asks."""

import random
from typing import Any

import pytest

from services.registry.reading.words import keys_of, understand
from shared.thai.collation import thai_sorted
from tests.integration.registry.reading.conftest import Library
from tests.integration.registry.test_bad_input import is_problem

HEAD = "ศูนย์พัฒนาเด็กเล็ก"
NORTH, SOUTH = (97.0, 15.0, 106.0, 21.0), (97.0, 5.0, 106.0, 15.0)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("บ้านโพธิ์ศรีสุข", ["sp-01", "sp-02"]),
        ("ศพด.บ้านโพธิ์ศรีสุข", ["sp-01", "sp-02"]),
        ("บานโพธิศรีสุข", ["sp-01", "sp-02"]),
        ("โพธิ์ศรีสุข", ["sp-01", "sp-02", "sp-03"]),
        ("รร.บ้านโพธิ์ศรีสุข", ["sp-02"]),
        ("ร.ร. บ้านโพธิ์ศรีสุข", ["sp-02"]),
        ("โพธิ์ศรีสุขเหนือ", ["sp-03"]),
        ("กุดจิก", ["sp-04"]),
        ("กุดจิก แม่ฮ่องสอน", ["sp-04"]),
        ("กุดจิก ต.ปางหมู อ.เมืองแม่ฮ่องสอน", ["sp-04"]),
        ("กุดจิก จ.เชียงใหม่", []),
        ("sp-0", ["sp-01", "sp-02", "sp-03", "sp-04", "sp-05"]),
        ("sp-๐๔", ["sp-04"]),
        ("sp-09", []),
        ("...", []),
        (".*", []),
    ],
)
async def test_names_and_codes_as_people_type_them(library: Library, typed: str, codes: list[str]) -> None:
    assert await library.codes(q=typed, near=False) == codes


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("โพธ์สีสุก", {"sp-01", "sp-02", "sp-03"}),
        ("บ้านโพทิ์ศรีสุค", {"sp-01", "sp-02"}),
        ("กุดจิกสามคคี", {"sp-04"}),
        ("กุดกจิสามัคคี", {"sp-04"}),
    ],
)
async def test_a_misspelt_name_is_found_and_called_near(library: Library, typed: str, meant: set[str]) -> None:
    found = await library.found(q=typed)
    assert meant <= {each["code"] for each in found[: len(meant) + 2]}
    assert all(each["match"]["by"] == "near" for each in found)
    likenesses = [each["match"]["likeness"] for each in found]
    assert likenesses == sorted(likenesses, reverse=True)
    assert likenesses[0] < 100


async def test_exact_answers_stand_before_near_ones_and_say_which_they_are(library: Library) -> None:
    found = await library.found(q="โพธิ์ศรีสุขเหนอ")
    assert [each["match"]["by"] for each in found][:1] == ["near"]
    exact = await library.found(q="กุดจิก")
    assert exact[0]["match"] == {"by": "name", "likeness": 100}
    assert (await library.found(q="sp-04"))[0]["match"] == {"by": "code", "likeness": 100}
    assert all(each["match"] is None for each in await library.found(limit=5, round="half"))


async def test_one_wrong_letter_finds_the_name_among_the_first(library: Library) -> None:
    rng = random.Random(2569)
    for center in rng.sample(library.centers, 25):
        name = center["name"].removeprefix(HEAD)
        at = rng.randrange(1, max(2, len(name) - 1))
        typed = name[:at] + rng.choice("กนมสอ") + name[at + 1 :]
        if len(keys_of(name).plain) < 6:
            continue
        found = (await library.get("/v1/centers", q=typed, limit=20)).json()["items"]
        assert center["name"] in {each["name"] for each in found}, (name, typed)


@pytest.mark.parametrize("typed", ["ศูนย์", "ศพด.", "ศูนย์พัฒนาเด็กเล็ก", "ศูนย์พัฒ"])
async def test_words_that_fit_everybody_give_everybody(library: Library, typed: str) -> None:
    assert await library.codes(q=typed, limit=100) == [center["code"] for center in library.centers]


async def test_any_part_of_any_name_finds_exactly_those_that_hold_it(library: Library) -> None:
    rng = random.Random(1)
    for center in rng.sample(library.centers, 20):
        plain = keys_of(center["name"]).plain
        at = rng.randrange(max(1, len(plain) - 4))
        part = plain[at : at + rng.randrange(3, 8)]
        asked = understand(part)
        if asked.everything or asked.code or len(part) < 3:
            continue
        holds = library.reckoned(lambda each, plain=asked.plain: plain in keys_of(each["name"]).plain)  # type: ignore[misc]
        assert set(await library.codes(q=part, near=False, limit=7)) == holds, part


def drawn(rng: random.Random, library: Library) -> dict[str, Any]:
    """A question of several parts."""
    center = rng.choice(library.centers)
    box = rng.choice([NORTH, SOUTH, (98.0, 18.0, 99.5, 20.0)])
    parts: dict[str, Any] = {
        "within": rng.choice(center["path"]),
        "round": rng.choice(["all", "half", "none"]),
        "state": rng.choice(["active", "closed"]),
        "bbox": ",".join(map(str, box)),
        "q": rng.choice(["บ้าน", "บ", "วัด", "หนอง", center["code"][:2], center["name"].removeprefix(HEAD)[:5]]),
    }
    return {key: parts[key] for key in rng.sample(sorted(parts), rng.randrange(1, 5))}


def answers(center: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether a center is what was asked for, by plain reckoning."""
    if "bbox" in query:
        west, south, east, north = map(float, query["bbox"].split(","))
        if center["latitude"] is None or not (
            west <= center["longitude"] <= east and south <= center["latitude"] <= north
        ):
            return False
    if "q" in query:
        asked, keys = understand(query["q"]), keys_of(center["name"])
        if asked.code:
            return_ = center["code"].startswith(asked.code)
        elif len(asked.plain) < 3:
            from services.registry.reading.words import begins

            return_ = begins(keys.plain, asked.plain)
        else:
            return_ = asked.plain in keys.plain
        if not return_:
            return False
    return (
        query.get("within", "00") in center["path"]
        and ("round" not in query or query["round"] in center["rounds"])
        and query.get("state", center["state"]) == center["state"]
    )


async def test_every_combination_holds_exactly_what_fits(library: Library) -> None:
    rng = random.Random(3)
    sizes = []
    for _ in range(60):
        query = drawn(rng, library)
        found = await library.found(**query, near=False, limit=rng.choice([3, 40, 500]))
        assert {each["code"] for each in found} == library.reckoned(lambda each, q=query: answers(each, q)), query  # type: ignore[misc]
        assert len(found) == len({each["code"] for each in found})
        sizes.append(len(found))
    assert sum(map(bool, sizes)) > 20


async def test_lists_are_in_thai_order(library: Library) -> None:
    for query in (
        {},
        {"round": "half"},
        {"bbox": "97,5,106,21"},
        {"state": "closed"},
        {"within": library.centers[0]["path"][1]},
    ):
        names = [each["name"] for each in await library.found(**query, limit=50)]
        assert names == thai_sorted(names)
    nodes = [each["name"] for each in await library.found("/v1/organizations", limit=50)]
    assert nodes == thai_sorted(nodes)


async def test_organizations_are_found_by_name_level_and_place_in_the_tree(library: Library) -> None:
    lao = (await library.get("/v1/organizations/6580103")).json()
    by_name = await library.found("/v1/organizations", q="อบต.ปางหมู")
    assert by_name[0]["code"] == lao["code"]
    assert by_name[0]["match"] == {"by": "name", "likeness": 100}
    provinces = await library.found("/v1/organizations", kind="province")
    assert {each["kind"] for each in provinces} == {"province"}
    assert {each["code"] for each in provinces} == {center["path"][1] for center in library.centers}
    below = await library.found("/v1/organizations", within="58")
    assert all("58" in each["path"] for each in below)
    assert [each["code"] for each in await library.found("/v1/organizations", q="6580103")] == ["6580103"]


READERS = [("province", 1), ("district", 2), ("lao", 3)]
QUESTIONS: list[dict[str, Any]] = [
    {}, {"q": "บ้าน"}, {"q": "บ"}, {"q": "ศพด."}, {"q": "0"}, {"q": "โพธ์สีสุก"}, {"q": "sp-0"}, {"round": "half"},
    {"state": "closed"}, {"bbox": "97,5,106,21"}, {"bbox": "97,5,106,21", "q": "บาน", "round": "all"},
]  # fmt: skip


@pytest.mark.parametrize(("role", "level"), READERS)
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_no_question_shows_an_officer_what_lies_elsewhere(
    library: Library, role: str, level: int, question: dict[str, Any]
) -> None:
    org = library.centers[len(library.centers) // 2]["path"][level]
    found = await library.found(role=role, org=org, limit=50, **question)
    assert all(org in each["path"] for each in found)
    if not question:
        assert {each["code"] for each in found} == library.reckoned(lambda each: org in each["path"])


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_a_center_sees_itself_alone(library: Library, question: dict[str, Any]) -> None:
    itself = library.centers[7]
    found = await library.found(role="center", org=itself["code"], **question)
    assert {each["code"] for each in found} <= {itself["code"]}
    if not question:
        assert len(found) == 1


@pytest.mark.parametrize(
    ("path", "role", "org"),
    [
        ("/v1/centers?within=58", "province", "50"),
        ("/v1/centers?within=00", "district", "5801"),
        ("/v1/centers?within=58", "center", "sp-01"),
        ("/v1/centers", "publisher", "onesqa"),
        ("/v1/centers", "lao", "00"),
        ("/v1/organizations", "center", "sp-01"),
        ("/v1/organizations?within=58", "lao", "6580103"),
        ("/v1/rounds/half/obligations?within=58", "province", "50"),
        ("/v1/rounds/half/obligations", "publisher", "onesqa"),
        ("/v1/exports/centers?format=csv&within=58", "province", "50"),
        ("/v1/exports/organizations?format=csv&within=00", "province", "58"),
        ("/v1/exports/rounds/half/roll?format=xlsx&within=58", "district", "5001"),
        ("/v1/exports/rounds/half/obligations?format=geojson", "publisher", "onesqa"),
    ],
)
async def test_who_asks_for_more_is_told_no(library: Library, path: str, role: str, org: str) -> None:
    answer = await library.http.get(path, headers=library.as_(role, org))
    assert is_problem(answer, 403, "out-of-scope", "query.within")


@pytest.mark.parametrize(
    ("query", "slug", "where"),
    [
        ("bbox=1,2,3", "bad-map-box", "query.bbox"),
        ("bbox=98,19,97,20", "bad-map-box", "query.bbox"),
        ("state=open", "invalid-request", "query.state"),
        ("provnce=58", "invalid-request", "query.provnce"),
        ("limit=0", "invalid-request", "query.limit"),
        ("limit=501", "invalid-request", "query.limit"),
        ("q=" + "x" * 101, "invalid-request", "query.q"),
        ("near=perhaps", "invalid-request", "query.near"),
    ],
)
async def test_a_parameter_that_makes_no_sense_is_refused(library: Library, query: str, slug: str, where: str) -> None:
    assert is_problem(await library.get(f"/v1/centers?{query}"), 422, slug, where)


async def test_a_tag_spares_reading_the_same_again(library: Library) -> None:
    for path in ("/v1/centers/sp-01", "/v1/organizations/58"):
        first = await library.get(path)
        tag = first.headers["etag"]
        again = await library.http.get(
            path, headers={**library.as_("department", "00"), "If-None-Match": f'"x", W/{tag}'}
        )
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        other = await library.http.get(path, headers={**library.as_("department", "00"), "If-None-Match": '"other"'})
        assert other.json() == first.json()
        foreign = await library.http.get(path, headers={**library.as_("province", "50"), "If-None-Match": tag})
        assert is_problem(foreign, 403, "out-of-scope", "path.code")
