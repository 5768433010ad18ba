"""Readable pages of the interface, whole in themselves: no script, no address of elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import HTMLResponse, JSONResponse, Response

_STYLE: Final = """
body{font:16px/1.5 Sarabun,"TH Sarabun New",system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1f24;background:#fff}h1{font-size:1.6rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}code{font-family:ui-monospace,
monospace;font-size:.92em}.m{display:inline-block;min-width:4.5rem;font-weight:700;color:#0b5cad}table{border-collapse:
collapse;width:100%;margin:.4rem 0}td,th{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #d8dee4;
vertical-align:top}pre{background:#f6f8fa;padding:.7rem;overflow:auto;font-size:.85rem}.q{color:#57606a}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}.m{color:#6cb6ff}
td,th{border-color:#30363d}.q{color:#8b949e}}
"""
_POLICY: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


def add_pages(app: FastAPI, asyncapi: Mapping[str, Any] | None) -> None:
    """Serve `/docs` from the OpenAPI document and, given one, `/asyncapi` and `/asyncapi.json`."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return _page(f"{app.title}: HTTP", _http(app.openapi()))

    if asyncapi is None:
        return

    @app.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi_json() -> Response:
        return JSONResponse(dict(asyncapi))

    @app.get("/asyncapi", include_in_schema=False)
    async def asyncapi_page() -> Response:
        return _page(f"{app.title}: events", _events(asyncapi))


def _page(title: str, parts: Iterator[str]) -> Response:
    head = f'<!doctype html><html lang="th"><meta charset="utf-8"><title>{escape(title)}</title>'
    head += f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{escape(title)}</h1>'
    return HTMLResponse(head + "".join(parts), headers=_POLICY)


def _http(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<p>เอกสารเต็มสำหรับเครื่องอ่าน / the whole document: <a href="openapi.json">openapi.json</a></p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f'<h2><span class="m">{escape(method.upper())}</span> <code>{escape(path)}</code></h2>'
            yield f"<p>{escape(operation.get('summary', ''))}</p>"
            if operation.get("description"):
                yield f'<p class="q">{escape(operation["description"])}</p>'
            yield from _rows(
                ("ค่าที่ส่ง / parameter", "ที่ / in", "ชนิด / type"),
                [
                    (each["name"] + (" *" if each.get("required") else ""), each["in"], _type(each.get("schema", {})))
                    for each in operation.get("parameters", [])
                ],
            )
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                shape = escape(_type(content["schema"]))
                yield f"<p>เนื้อหา / body: <code>{escape(media)}</code> <code>{shape}</code></p>"
            yield from _rows(
                ("คำตอบ / answer", "ความหมาย / meaning"),
                [(status, said.get("description", "")) for status, said in operation["responses"].items()],
            )
    yield "<h1>แบบข้อมูล / schemas</h1>"
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield f'<h2 id="{escape(name)}"><code>{escape(name)}</code></h2>'
        if schema.get("description"):
            yield f'<p class="q">{escape(schema["description"])}</p>'
        required = schema.get("required", [])
        yield from _rows(
            ("ช่อง / field", "ชนิด / type"),
            [(f + (" *" if f in required else ""), _type(s)) for f, s in schema.get("properties", {}).items()],
        )


def _events(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<p>เอกสารเต็มสำหรับเครื่องอ่าน / the whole document: <a href="asyncapi.json">asyncapi.json</a></p>'
    channels = document.get("channels", {})
    for operation in document.get("operations", {}).values():
        reference = str(operation.get("channel", {}).get("$ref", "")).rsplit("/", 1)[-1].replace("~1", "/")
        channel = channels.get(reference, {})
        yield f'<h2><span class="m">{escape(str(operation.get("action", "")))}</span> '
        yield f"<code>{escape(str(channel.get('address', reference)))}</code></h2>"
        yield f'<p class="q">{escape(str(channel.get("description", operation.get("summary", ""))))}</p>'
        yield from _rows(("ข้อความ / message",), [(name,) for name in channel.get("messages", {})])


def _rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield "<table><tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for joint in ("anyOf", "oneOf", "allOf"):
        if joint in schema:
            return " | ".join(_type(each) for each in schema[joint])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "any")
