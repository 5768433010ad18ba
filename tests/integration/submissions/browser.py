"""A browser without scripts: it knows forms, hidden fields, cookies and redirects, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

OUR_ORIGIN = "http://submissions"


@dataclass
class Form:
    """One form of a page: where it goes, how, and its fields in the order in which they stand."""

    action: str
    kind: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post"
            self.forms.append(Form(given["action"], given.get("enctype", "application/x-www-form-urlencoded")))
        if tag == "input" and given.get("type") == "file":
            self.forms[-1].files.append(given["name"])
        elif tag == "input":
            assert not self.forms[-1].files, "the store reads no field after the file"
            self.forms[-1].fields.append((given["name"], given.get("value", "")))


@dataclass
class Page:
    """What is shown, where, and the answer that brought it."""

    url: str
    answer: httpx.Response

    @property
    def text(self) -> str:
        return self.answer.text

    def form(self, *, with_file: bool = False) -> Form:
        """Its form; of two, the one that takes a file or the one that does not."""
        reader = _Reader()
        reader.feed(self.text)
        assert "script" not in reader.tags
        if len(reader.forms) == 1:
            return reader.forms[0]
        (found,) = (one for one in reader.forms if bool(one.files) == with_file)
        return found


class Browser:
    """`inside` answers for our own origin; everything else goes over the network."""

    def __init__(self, inside: httpx.AsyncClient) -> None:
        self._inside, self.page = inside, Page("", httpx.Response(204))
        self._cookies = httpx.Cookies()

    async def visit(self, url: str) -> Page:
        return await self._ask("GET", url)

    async def submit(self, file: tuple[str, bytes] | None = None, **typed: str) -> Page:
        """Press the button of the page's form, with a file chosen or text typed."""
        form = self.page.form(with_file=file is not None)
        where = urljoin(self.page.url, form.action)
        fields = [(name, typed.pop(name, value)) for name, value in form.fields]
        assert not typed
        self._allowed(where)
        if not form.files:
            assert form.kind == "application/x-www-form-urlencoded"
            body = {"content": urlencode(fields), "headers": {"Content-Type": form.kind}}
            return await self._ask("POST", where, **body)
        assert form.kind == "multipart/form-data"
        assert file is not None
        return await self._ask("POST", where, data=dict(fields), files={form.files[0]: (*file, "application/pdf")})

    def _allowed(self, where: str) -> None:
        """As the page's policy has it, which some browsers ask at each redirect as well."""
        policy = self.page.answer.headers["Content-Security-Policy"]
        assert "script" not in policy
        assert "default-src 'none'" in policy
        (places,) = (one.split()[1:] for one in policy.split("; ") if one.startswith("form-action"))
        parts = urlsplit(where)
        own = urlsplit(self.page.url)
        assert f"{parts.scheme}://{parts.netloc}" in {
            f"{own.scheme}://{own.netloc}" if place == "'self'" else place for place in places
        }

    async def _ask(self, method: str, url: str, **more: Any) -> Page:
        """Over redirects, as browsers do."""
        before, method_was = self.page, method
        for _ in range(5):
            answer = await self._send(method, url, **more)
            self.page = Page(url, answer)
            if answer.status_code not in {302, 303}:
                return self.page
            url, method, more = urljoin(url, answer.headers["Location"]), "GET", {}
            if method_was == "POST":
                self.page = before
                self._allowed(url)
        raise AssertionError("it goes round in circles")

    async def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        if not url.startswith(OUR_ORIGIN + "/"):
            async with httpx.AsyncClient() as outside:
                return await outside.request(method, url, **more)
        request = self._inside.build_request(method, url, **more)
        self._cookies.set_cookie_header(request)
        answer = await self._inside.send(request)
        self._cookies.extract_cookies(answer)
        self._inside.cookies.clear()  # many browsers share it
        return answer

    def forget_cookies(self) -> None:
        self._cookies.clear()
