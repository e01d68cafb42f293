"""The shapes of requests and answers, as OpenAPI tells them.

Requests are validated by these; answers are written from the library's own values and only described by them
(a test holds the two together).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from spamfilter.types import AdvertCode, Category, EntityKind, Label, Stage


def _require_text(value: object) -> str:
    # pydantic's own `str` refuses lone surrogates, which a messenger may well send.
    if not isinstance(value, str):
        raise PydanticCustomError("text_type", "must be a string")
    return value


def _require_list(value: object) -> list[Any]:
    # The items are validated one by one later, so that a bad one does not fail the rest.
    if not isinstance(value, list):
        raise PydanticCustomError("messages_type", "must be a list")
    return value


class ScoreRequest(BaseModel):
    """One message."""

    text: Annotated[str, PlainValidator(_require_text, json_schema_input_type=str)] = Field(
        description="The message as it was sent, untouched: the tricks in it are evidence. Empty is allowed."
    )


class BatchRequest(BaseModel):
    """Several messages, scored in their order."""

    messages: Annotated[list[Any], PlainValidator(_require_list, json_schema_input_type=list[ScoreRequest | Any])] = (
        Field(
            description="Up to 1,000, unless the operator set SPAMFILTER_MAX_BATCH. "
            "What is no message gets a problem in its place and fails no other."
        )
    )


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class SpanBody(_Answer):
    """A half-open range of code points of the original text."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class ReasonBody(_Answer):
    """One ground of a verdict."""

    code: str = Field(description="Stable and machine-readable.")
    message: str = Field(description="One Korean sentence for a moderator.")
    weight: float = Field(description="What it added to the log-odds of spam, in nats; negative speaks against.")
    spans: list[SpanBody] = Field(description="Where it stands; empty where it is about the whole message.")


class EntityBody(_Answer):
    """Something that the message points to."""

    kind: EntityKind
    value: str = Field(description="Canonical form, equal for every spelling.")
    span: SpanBody


class AdvertBody(_Answer):
    """One thing that the check of an advert label noticed (표기 점검); no statement of compliance."""

    code: AdvertCode = Field(description="`label` says that there is one; every other is a fault.")
    message: str = Field(description="One Korean sentence for a moderator.")
    spans: list[SpanBody] = Field(description="Where it stands; empty for what is missing.")


_VERDICT_EXAMPLE: Final[dict[str, Any]] = {
    "label": "spam",
    "probability": 0.997,
    "category": "gambling",
    "reasons": [
        {
            "code": "words",
            "message": "스팸에서 자주 쓰는 표현이 있습니다: 첫충",
            "weight": 3.1,
            "spans": [{"start": 6, "end": 8}],
        }
    ],
    "restored_text": "카지노 첫충 30% bb00.example",
    "entities": [{"kind": "url", "value": "https://bb00.example", "span": {"start": 13, "end": 25}}],
    "advert": [],
    "sender_message": "운영 정책에 따라 전달되지 않은 메시지입니다. 잘못된 판단이라면 운영자에게 알려 주세요.",
    "stage": "ngrams",
    "model": "2026-08-01-0a1b2c3d",
}


class VerdictBody(_Answer):
    """What the filter says of a message; field by field the library's `Verdict`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VERDICT_EXAMPLE]})

    label: Label
    probability: float = Field(ge=0, le=1, description="Calibrated probability of spam.")
    category: Category
    reasons: list[ReasonBody] = Field(description="Strongest first.")
    restored_text: str = Field(description="The message as a reader sees it, tricks undone.")
    entities: list[EntityBody] = Field(description="In order of appearance.")
    advert: list[AdvertBody] = Field(description="What the check of its advert label noticed; it moves no label.")
    sender_message: str = Field(description="What may be told to the sender; empty for a message that passes.")
    stage: Stage = Field(description="Which stage decided.")
    model: str = Field(description="Version of the model.")


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457). Never quotes the request."""

    type: str = Field(examples=["urn:spamfilter:problem:invalid-field"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; the end of `type`.", examples=["invalid-field"])
    field: str | None = Field(description="Path of the field at fault.", examples=["text"])
    request_id: str = Field(description="Also the header X-Request-Id; the log names a failure by it.")


class MessageProblem(_Answer):
    """Stands in place of the verdict of a message that could not be scored."""

    error: ProblemBody


class BatchAnswer(_Answer):
    """A verdict or a problem for every message, in order."""

    results: list[VerdictBody | MessageProblem]


class ModelBody(BaseModel):
    """What the model says of itself."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    version: str
    created: str
    kinds: list[Category]
    features: dict[str, Any]
    metrics: dict[str, Any]
    data: list[dict[str, Any]]
    policy: dict[str, Any]


class HealthBody(_Answer):
    """The process answers."""

    status: Literal["alive"]


class ReadyBody(_Answer):
    """Verdicts are served."""

    status: Literal["ready"]
    ngrams: Literal["ready"]
    kiwi: Literal["loading", "ready", "failed", "off"] = Field(
        description="Until 'ready', messages that need the morpheme stage are decided by the n-grams."
    )
    model: str


class NotReadyBody(ProblemBody):
    """The problem of a service without a model, with the states."""

    ngrams: Literal["loading", "failed"]
    kiwi: Literal["loading", "failed"]


SCORE_EXAMPLES: Final[dict[str, Any]] = {
    "도박 광고": {"summary": "변형된 도박 광고", "value": {"text": "ㅋㅏ지★노 첫충 3０% ⓑⓑ00.example"}},
    "스미싱": {
        "summary": "택배 사칭",
        "value": {"text": "[택배] 주소 불일치로 배송이 보류되었습니다. 확인: http://parcel.example/a1"},
    },
    "일상 대화": {"summary": "정상", "value": {"text": "엄마 나 오늘 좀 늦어 저녁 먼저 먹어"}},
    "빈 메시지": {"summary": "비어 있어도 됩니다", "value": {"text": ""}},
}

BATCH_EXAMPLES: Final[dict[str, Any]] = {
    "두 메시지": {
        "summary": "순서대로 판정합니다",
        "value": {"messages": [{"text": "무.료.상.담 010-0000-1234"}, {"text": "내일 회의 3시 맞죠?"}]},
    }
}
