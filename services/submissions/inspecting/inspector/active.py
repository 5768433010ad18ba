"""What in a PDF acts, reaches out or carries something along: found by looking at every object.

Names are as qpdf reads them (escapes resolved, packed objects unpacked). Sources: ISO 32000-2, 12.6 (actions), 12.5.6
(annotations), 7.11 (file specifications), 7.3.8.2 (streams in other files), 8.10.4 (reference XObjects); CVE-2024-4367
(FontMatrix) and CVE-2018-5158 (PostScript functions) for what readers were tricked with.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from pikepdf import Array, Object, ObjectType, StreamDecodeLevel

LOSSLESS: Final = StreamDecodeLevel.specialized
"""All filters that give back exactly what went in, run lengths among them."""
CONTAINERS: Final = (ObjectType.dictionary, ObjectType.stream)

_ACTIONS: Final = {
    "/Launch": "launch_action",
    "/JavaScript": "javascript",
    "/GoToE": "embedded_file",
    "/GoToR": "remote_content",
    "/ImportData": "remote_content",
    "/SubmitForm": "remote_content",
    "/RichMediaExecute": "multimedia",
    "/Rendition": "multimedia",
    "/Movie": "multimedia",
    "/Sound": "multimedia",
}
_KINDS: Final = {
    "/FileAttachment": "embedded_file",
    "/EmbeddedFile": "embedded_file",
    "/RichMedia": "multimedia",
    "/Screen": "multimedia",
    "/Movie": "multimedia",
    "/Sound": "multimedia",
    "/3D": "multimedia",
}
"""Values of /Type and /Subtype."""
_KEYS: Final = {
    "/JS": "javascript",
    "/XFA": "xfa_form",
    "/EF": "embedded_file",
    "/EmbeddedFiles": "embedded_file",
    "/RichMediaContent": "multimedia",
}
_TAKEN_OUT: Final = {
    "/AA": "actions",
    "/OpenAction": "actions",
    "/Metadata": "metadata",
    "/PieceInfo": "metadata",
    "/AcroForm": "form",
    "/ByteRange": "signature",
    "/AF": "attachments",
    "/Collection": "attachments",
}
"""Keys of what is no reason to refuse but will not be in the copy (a form stays, and does nothing there)."""
_ASIDE: Final = {"/URI": "links", "/Named": "actions", "/Hide": "actions", "/ResetForm": "actions"} | dict.fromkeys(
    ("/SetOCGState", "/Trans", "/GoTo3DView", "/Thread"), "actions"
)
"""Actions that a reader asks about before it follows them, or that stay within the page."""

_TEXTS: Final = frozenset({"/T", "/Contents", "/RC", "/Subj", "/TU", "/V", "/DV", "/Title"})
"""Keys of strings that some viewers put into a page of the web."""
_MARKUP: Final = re.compile(rb"<\s*(?:script|img|iframe|svg|object|embed)\b|javascript:", re.IGNORECASE)
_WICKED_LINK: Final = re.compile(rb"\s*(?:javascript|vbscript|data|file|smb|ldap|vnd\.\w[\w.]*):|\\\\", re.IGNORECASE)
_DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST_FUNCTION: Final = 64 * 1024
_POSTSCRIPT: Final = re.compile(
    rb"(?:\s|%[^\r\n]*+|[{}]|(?:[-+.\deE]++|abs|add|and|atan|bitshift|bitnot|ceiling|copy|cos|cvi|cvr|div|dup|eq|exch|exp"
    rb"|false|floor|ge|gt|idiv|ifelse|if|index|le|ln|log|lt|mod|mul|neg|ne|not|or|pop|roll|round|sin|sqrt|sub|true"
    rb"|truncate|xor)(?![^\s{}%]))*+"
)
"""ISO 32000-2, 7.10.5.2: all that a PostScript calculator knows."""


def containers(root: Object) -> Iterator[Object]:
    """The dictionaries and streams in one indirect object; what they refer to gets its own turn."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        kind = one._type_code  # noqa: SLF001 (isinstance costs five times as much)
        if kind is ObjectType.array:
            waiting += [value for value in one if type(value) is Object and not value.is_indirect]
        elif kind in CONTAINERS:
            yield one
            waiting += [v for _, v in one.items() if type(v) is Object and not v.is_indirect]


def refused(container: Object) -> Iterator[str]:
    """Why a file with this dictionary or stream is sent back: codes of findings."""
    keys = container.keys()
    for key in keys & _KEYS.keys():
        yield _KEYS[key]
    for key in keys & {"/S", "/Subtype", "/Type"}:
        name = _name(container, key)
        if key == "/S":
            yield from _of_action(container, name)
        elif name in _KINDS:
            yield _KINDS[name]
    if keys & {"/OpenAction", "/AA"}:
        yield from _by_itself(container)
    if container._type_code is ObjectType.stream:  # noqa: SLF001
        yield from _of_stream(container, keys)
    if "/FontMatrix" in keys and not _six_numbers(container.get("/FontMatrix")):
        yield "javascript"
    for key in keys & _TEXTS:
        if _MARKUP.search(_bytes(container, key)):
            yield "javascript"


def taken_out(container: Object) -> Iterator[str]:
    """What this dictionary holds that will not be in the copy: codes of notes."""
    keys = container.keys()
    for key in keys & _TAKEN_OUT.keys():
        yield _TAKEN_OUT[key]
    if "/S" in keys and (name := _name(container, "/S")) in _ASIDE:
        yield _ASIDE[name]


def is_action(value: Any) -> bool:
    """Whether this is an action other than a jump within the file."""
    if type(value) is not Object or value._type_code not in CONTAINERS:  # noqa: SLF001
        return False
    # Attributes of structure elements stand under /A too, and have an owner.
    return "/S" in value and "/O" not in value and _name(value, "/S") != "/GoTo"


def _of_action(action: Object, name: str) -> Iterator[str]:
    if name in _ACTIONS:
        yield _ACTIONS[name]
    elif name == "/URI" and (link := _WICKED_LINK.match(_bytes(action, "/URI"))):
        yield "javascript" if b"script" in link.group().lower() else "remote_content"
    elif name == "/Thread" and "/F" in action:
        yield "remote_content"


def _by_itself(container: Object) -> Iterator[str]:
    """A link that is followed without anybody's click."""
    actions: list[Any] = [container.get("/OpenAction")]
    triggers = container.get("/AA")
    if type(triggers) is Object and triggers._type_code in CONTAINERS:  # noqa: SLF001
        actions += [value for _, value in triggers.items()]
    if any(is_action(action) and _name(action, "/S") == "/URI" for action in actions):
        yield "remote_content"


def _of_stream(stream: Object, keys: set[str]) -> Iterator[str]:
    if keys & {"/F", "/FFilter", "/Ref"}:
        yield "remote_content"
    if _name(stream, "/Type") == "/Metadata" or _name(stream, "/Subtype") == "/XML":
        # Without the zeros, since it may be UTF-16.
        if _DECLARATION.search(stream.read_bytes(LOSSLESS).replace(b"\0", b"")):
            yield "remote_content"
    elif stream.get("/FunctionType") == 4:  # noqa: PLR2004
        code = stream.read_bytes(LOSSLESS)
        if len(code) > _LONGEST_FUNCTION:
            yield "too_complex"
        elif not _POSTSCRIPT.fullmatch(code):
            yield "javascript"


def _six_numbers(matrix: Any) -> bool:
    return isinstance(matrix, Array) and len(matrix) == 6 and all(not isinstance(one, Object) for one in matrix)  # noqa: PLR2004


def _name(container: Object, key: str) -> str:
    value = container.get(key)
    return str(value) if type(value) is Object and value._type_code is ObjectType.name_ else ""  # noqa: SLF001


def _bytes(container: Object, key: str) -> bytes:
    """The string under a key, as bytes without the zeros of UTF-16."""
    value = container.get(key)
    if type(value) is not Object or value._type_code is not ObjectType.string:  # noqa: SLF001
        return b""
    return bytes(value).replace(b"\0", b"")
