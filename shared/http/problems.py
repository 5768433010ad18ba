"""Refusals a caller can act on: RFC 9457 problem documents, Thai first, English beside it.

A kind is declared once, as a constant beside the code that raises it, and joins `CATALOGUE`; its slug is part of
the public surface. `raise ROUND_UNKNOWN.problem("ไม่มีรอบนี้", "No such round.", where="path.round")`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:saraban:problem:"


class PlaceAtFault(BaseModel):
    """One place of the request that is wrong, and how; never the value that stood there."""

    where: str
    fault: str


class ProblemDocument(BaseModel):
    """What a refusal looks like on the wire."""

    type: str = Field(pattern=r"^urn:saraban:problem:[a-z0-9-]+$")
    title: str
    title_en: str
    status: int = Field(ge=400, le=599)
    detail: str
    detail_en: str
    where: str | None = None
    """The place at fault: `body.rows.3.name`, `query.limit`, `header.Idempotency-Key`, `row 17, column C`."""
    hint: str | None = None
    hint_en: str | None = None
    errors: list[PlaceAtFault] | None = None
    trace_id: str | None = None


class Problem(HTTPException):
    """A refusal on its way to the caller."""

    def __init__(
        self, kind: "ProblemKind", document: ProblemDocument, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=kind.status, detail=kind.slug, headers=headers)
        self.kind, self.document = kind, document

    def response(self, trace_id: str | None = None) -> JSONResponse:
        """The answer that tells this problem."""
        document = self.document.model_copy(update={"trace_id": trace_id})
        return JSONResponse(
            document.model_dump(exclude_none=True), self.status_code, dict(self.headers or {}), media_type=MEDIA_TYPE
        )


CATALOGUE: Final[dict[str, "ProblemKind"]] = {}


@dataclass(frozen=True)
class ProblemKind:
    """A kind of refusal: stable slug, status, titles, and what usually helps."""

    slug: str
    status: int
    title: str
    title_en: str
    hint: str | None = None
    hint_en: str | None = None

    def __post_init__(self) -> None:
        known = CATALOGUE.setdefault(self.slug, self)
        if known != self:
            raise ValueError(f"two kinds of problem are called {self.slug}")

    @property
    def type(self) -> str:
        """The stable `type` of the document."""
        return TYPE_PREFIX + self.slug

    def problem(
        self,
        detail: str | None = None,
        detail_en: str | None = None,
        *,
        where: str | None = None,
        hint: str | None = None,
        hint_en: str | None = None,
        errors: list[PlaceAtFault] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Problem:
        """A problem of this kind. Details name the place, never a secret, a person or another's data."""
        members: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "title_en": self.title_en,
            "status": self.status,
            "detail": detail or self.title,
            "detail_en": detail_en or self.title_en,
            "where": where,
            "hint": hint or self.hint,
            "hint_en": hint_en or self.hint_en,
            "errors": errors,
        }
        return Problem(self, ProblemDocument(**members), headers)


BAD_REQUEST = ProblemKind(
    "bad-request", 400, "คำขอไม่ถูกต้อง", "The request is not well formed",
    "ตรวจที่อยู่ หัวคำขอ และเนื้อหา แล้วส่งใหม่", "Check the address, headers and body and send it again.",
)  # fmt: skip
BODY_NOT_JSON = ProblemKind(
    "body-not-json", 400, "เนื้อหาไม่ใช่ JSON ที่ถูกต้อง", "The body is not valid JSON",
    "ตรวจรูปแบบ JSON แล้วส่งใหม่", "Check the JSON and send it again.",
)  # fmt: skip
BAD_CURSOR = ProblemKind(
    "bad-cursor", 400, "ตัวชี้หน้า (cursor) ใช้ไม่ได้", "The cursor is not one of ours",
    "เริ่มอ่านใหม่โดยไม่ส่ง cursor", "Start again without a cursor.",
)  # fmt: skip
BAD_IDEMPOTENCY_KEY = ProblemKind(
    "bad-idempotency-key", 400, "Idempotency-Key ไม่ถูกต้อง", "The Idempotency-Key is not usable",
    "ใช้อักขระ ASCII 8–128 ตัว เช่น UUID", "Use 8 to 128 visible ASCII characters, such as a UUID.",
)  # fmt: skip
SIGN_IN = ProblemKind(
    "sign-in-required", 401, "ต้องลงชื่อเข้าใช้", "A bearer token is required",
    "แนบ Authorization: Bearer …", "Send Authorization: Bearer ….",
)  # fmt: skip
TOKEN_EXPIRED = ProblemKind(
    "token-expired", 401, "หมดเวลาการลงชื่อเข้าใช้", "The token has expired",
    "ลงชื่อเข้าใช้ใหม่", "Sign in again.",
)  # fmt: skip
TOKEN_REFUSED = ProblemKind(
    "token-refused", 401, "โทเคนใช้ไม่ได้", "The token was refused",
    "ลงชื่อเข้าใช้ใหม่กับผู้ออกโทเคนของระบบนี้", "Sign in again with this system's issuer.",
)  # fmt: skip
FORBIDDEN = ProblemKind(
    "forbidden", 403, "ไม่มีสิทธิ์ทำรายการนี้", "Your role may not do this",
    "ใช้บัญชีของผู้มีหน้าที่นี้ หรือติดต่อหน่วยงานต้นสังกัด", "Use the account of whoever may, or ask the parent organization.",
)  # fmt: skip
OUT_OF_SCOPE = ProblemKind(
    "out-of-scope", 403, "อยู่นอกเขตรับผิดชอบ", "This lies outside your part of the tree",
    "ติดต่อหน่วยงานต้นสังกัดของรายการนี้", "Ask the organization it belongs to.",
)  # fmt: skip
NOT_FOUND = ProblemKind(
    "not-found", 404, "ไม่พบสิ่งที่ขอ", "There is no such thing here",
    "ตรวจที่อยู่และรหัสที่อยู่ในนั้น", "Check the address and the codes in it.",
)  # fmt: skip
ROUND_UNKNOWN = ProblemKind(
    "round-unknown", 404, "ไม่มีรอบการประเมินนี้", "There is no such round",
    "ตรวจรหัสรอบ เช่น 2569", "Check the round's id, such as 2569.",
)  # fmt: skip
ROUND_CLOSED = ProblemKind(
    "round-closed", 409, "รอบการประเมินนี้ปิดแล้ว", "This round is closed",
    "ติดต่อกรมหากต้องแก้ไขหลังปิดรอบ", "Ask the department if something must change after the closing.",
)  # fmt: skip
ROUND_NOT_OPEN = ProblemKind(
    "round-not-open", 409, "รอบการประเมินนี้ไม่ได้เปิดอยู่", "This round is not open",
    "ทำรายการนี้ได้เฉพาะในรอบที่เปิดอยู่", "This can be done in an open round only.",
)  # fmt: skip
ORGANIZATION_UNKNOWN = ProblemKind(
    "organization-unknown", 404, "ไม่มีหน่วยงานรหัสนี้", "There is no organization with this code",
    "ตรวจรหัสหน่วยงาน", "Check the organization's code.",
)  # fmt: skip
CENTER_UNKNOWN = ProblemKind(
    "center-unknown", 404, "ไม่มีศูนย์รหัสนี้", "There is no center with this code",
    "ตรวจรหัสศูนย์ ระวังเลขศูนย์นำหน้าที่หายไป", "Check the code; mind leading zeros.",
)  # fmt: skip
CLUSTER_UNKNOWN = ProblemKind(
    "cluster-unknown", 404, "ไม่มีกลุ่มนี้ในรอบนี้", "The round has no such cluster",
    "อ่านรายการกลุ่มล่าสุดแล้วตรวจรหัส", "Read the list of clusters again and check the id.",
)  # fmt: skip
METHOD_NOT_ALLOWED = ProblemKind(
    "method-not-allowed", 405, "ใช้วิธีนี้กับที่อยู่นี้ไม่ได้", "This method is not allowed here",
    "ดูวิธีที่ใช้ได้ใน Allow หรือที่ /openapi.json", "See `Allow`, or /openapi.json.",
)  # fmt: skip
CONFLICT = ProblemKind(
    "conflict", 409, "ข้อมูลถูกแก้ไขพร้อมกัน", "Someone else changed this at the same moment",
    "อ่านสถานะล่าสุดแล้วลองใหม่", "Read the current state and try again.",
)  # fmt: skip
KEY_REUSED = ProblemKind(
    "idempotency-key-reused", 409, "Idempotency-Key นี้ใช้กับคำขออื่นแล้ว",
    "This Idempotency-Key was used with another body",
    "ใช้คีย์ใหม่สำหรับคำขอใหม่", "Use a new key for a new request.",
)  # fmt: skip
IN_FLIGHT = ProblemKind(
    "request-in-flight", 409, "คำขอเดียวกันกำลังดำเนินการอยู่", "The same request is still being worked on",
    "รอสักครู่แล้วส่งซ้ำด้วยคีย์เดิม", "Wait a moment and repeat it with the same key.",
)  # fmt: skip
BODY_TOO_LARGE = ProblemKind(
    "body-too-large", 413, "ข้อมูลที่ส่งมาใหญ่เกินกำหนด", "The body is larger than allowed",
    "ลดขนาดข้อมูลหรือแบ่งส่ง", "Send less at once.",
)  # fmt: skip
WRONG_MEDIA_TYPE = ProblemKind(
    "wrong-media-type", 415, "ชนิดข้อมูลไม่ถูกต้อง", "This content type is not accepted here",
    "ใช้ Content-Type ตามที่เอกสาร /openapi.json บอก", "Use the content type that /openapi.json tells.",
)  # fmt: skip
INVALID = ProblemKind(
    "invalid-request", 422, "ข้อมูลไม่ครบหรือไม่ถูกต้อง", "Something in the request is missing or wrong",
    "แก้ตามตำแหน่งที่ระบุใน errors แล้วส่งใหม่", "Correct the places named in `errors` and send it again.",
)  # fmt: skip
TOO_MANY = ProblemKind(
    "too-many-requests", 429, "ส่งคำขอถี่เกินไป", "Too many requests",
    "รอตามเวลาใน Retry-After", "Wait as long as Retry-After says.",
)  # fmt: skip
INTERNAL = ProblemKind(
    "internal", 500, "ระบบขัดข้อง", "Something went wrong on our side",
    "ลองใหม่ ถ้ายังไม่ได้ ให้แจ้ง trace_id แก่ผู้ดูแล", "Try again; if it stays, tell the operator the trace_id.",
)  # fmt: skip
UNAVAILABLE = ProblemKind(
    "unavailable", 503, "ระบบยังไม่พร้อม", "The service can't do this right now",
    "ลองใหม่ในอีกสักครู่", "Try again in a moment.",
)  # fmt: skip
