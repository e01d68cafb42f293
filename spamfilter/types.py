"""The values that go in and come out: frozen, checked once when made.

All spans count code points of the original text, as Python's `str` indices do: `text[span.start:span.end]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Label(StrEnum):
    """What an operator should do with a message."""

    HAM = "ham"
    REVIEW = "review"
    SPAM = "spam"


class Category(StrEnum):
    """What a message is about. Spam is the sum of its kinds; the last three are legitimate."""

    GAMBLING = "gambling"
    LOAN = "loan"
    INVESTMENT = "investment"
    ADULT = "adult"
    PHISHING_PARCEL = "phishing-parcel"
    PHISHING_AGENCY = "phishing-agency"
    PHISHING_ACCOUNT = "phishing-account"
    PHISHING_FAMILY = "phishing-family"
    PHISHING_INVITATION = "phishing-invitation"
    DRUGS = "drugs"
    TELECOM = "telecom"
    JOB = "job"
    PROPERTY = "property"
    PROMOTION_UNSOLICITED = "promotion-unsolicited"
    OTHER = "other"
    CHAT = "chat"
    NOTICE = "notice"
    PROMOTION_LAWFUL = "promotion-lawful"

    @property
    def is_spam(self) -> bool:
        """Whether messages of this kind are spam.

        >>> Category.LOAN.is_spam, Category.PROMOTION_LAWFUL.is_spam
        (True, False)
        """
        return self not in _LEGITIMATE

    @property
    def group(self) -> Group:
        """The coarse kind that the probability is made of.

        >>> Category.DRUGS.group.value, Category.NOTICE.group.value
        ('other-spam', 'notice')
        """
        return _GROUPS.get(self, Group.OTHER_SPAM)


class Group(StrEnum):
    """Categories that the probability of spam does not tell apart.

    A category of fifty messages learns its own words by heart; related ones learn together.
    """

    PHISHING = "phishing"
    FAMILY = "family"
    LOAN = "loan"
    OTHER_SPAM = "other-spam"
    CHAT = "chat"
    NOTICE = "notice"
    PROMOTION = "promotion"


_LEGITIMATE = frozenset({Category.CHAT, Category.NOTICE, Category.PROMOTION_LAWFUL})
_GROUPS = {
    Category.PHISHING_PARCEL: Group.PHISHING,
    Category.PHISHING_AGENCY: Group.PHISHING,
    Category.PHISHING_ACCOUNT: Group.PHISHING,
    Category.PHISHING_INVITATION: Group.PHISHING,
    Category.PHISHING_FAMILY: Group.FAMILY,
    Category.LOAN: Group.LOAN,
    Category.CHAT: Group.CHAT,
    Category.NOTICE: Group.NOTICE,
    Category.PROMOTION_LAWFUL: Group.PROMOTION,
}


def groups_of(kinds: Iterable[Category]) -> tuple[Group, ...]:
    """The groups of some categories, each once, in the order of `Group`."""
    found = {kind.group for kind in kinds}
    return tuple(group for group in Group if group in found)


Stage = Literal["ngrams", "morphemes"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points, `0 <= start <= end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"need 0 <= start <= end, got {self.start} and {self.end}")


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a verdict.

    Attributes:
        code: stable and machine-readable, such as `words`, `url`, `obfuscation.jamo`.
        message: one Korean sentence for a moderator.
        weight: what it added to the log-odds of the verdict's spam category against the best legitimate
            one, in nats; negative speaks for a legitimate message. 0.0 for what was noticed but not weighed.
        spans: where it stands in the original text, ascending; empty where it is about the whole message.
    """

    code: str
    message: str
    weight: float
    spans: tuple[Span, ...] = ()


EntityKind = Literal["url", "phone", "opt-out", "messenger", "account", "amount", "percent"]


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that a message points to: an address, a number, an amount.

    Attributes:
        kind: what it is.
        value: canonical form, equal for every spelling of the same thing: `https://bb52.com` for `ⓑⓑ52.com`.
        span: where it stands in the original text.
    """

    kind: EntityKind
    value: str
    span: Span


AdvertCode = Literal[
    "label",
    "label-form",
    "label-place",
    "sender-missing",
    "contact-missing",
    "opt-out-missing",
    "opt-out-means",
    "opt-out-not-free",
    "opt-out-place",
    "night",
]


@dataclass(frozen=True, slots=True)
class AdvertFinding:
    """One thing that the label check noticed.

    Attributes:
        code: stable and machine-readable. `label` says that there is a label; every other one is a fault.
        message: one Korean sentence for a moderator.
        spans: where it stands in the original text, ascending; empty for what is missing.
    """

    code: AdvertCode
    message: str
    spans: tuple[Span, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether this is something to put right, rather than the plain news that a label is there."""
        return self.code != "label"


SENDER_MESSAGES: dict[Label, str] = {
    Label.HAM: "",
    Label.REVIEW: "메시지를 확인하고 있습니다. 확인이 끝나면 상대에게 보입니다.",
    Label.SPAM: "운영 정책에 따라 전달되지 않은 메시지입니다. 잘못된 판단이라면 운영자에게 알려 주세요.",
}
"""One sentence a label for the sender: it names no word, kind or score, so that it teaches a spammer nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the filter says of one message, and why.

    Attributes:
        label: ham, review or spam, under the policy in force.
        probability: calibrated probability of spam, in [0, 1].
        category: the most probable kind on the side that the probability favours.
        reasons: strongest first.
        restored_text: the message as a reader sees it, tricks undone.
        entities: in order of appearance.
        advert: what the check of its advert label noticed (표기 점검); empty where there is none. It moves no label.
        stage: which stage of the cascade decided.
        model: version of the model, as in its manifest.
    """

    label: Label
    probability: float
    category: Category
    reasons: tuple[Reason, ...]
    restored_text: str
    entities: tuple[Entity, ...]
    advert: tuple[AdvertFinding, ...]
    stage: Stage
    model: str

    @property
    def sender_message(self) -> str:
        """What may be told to the sender; empty for a message that passes."""
        return SENDER_MESSAGES[self.label]

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON-ready values, the shape of `POST /v1/score`."""
        return {
            "label": self.label.value,
            "probability": self.probability,
            "category": self.category.value,
            "reasons": [
                {
                    "code": r.code,
                    "message": r.message,
                    "weight": r.weight,
                    "spans": [{"start": s.start, "end": s.end} for s in r.spans],
                }
                for r in self.reasons
            ],
            "restored_text": self.restored_text,
            "entities": [
                {"kind": e.kind, "value": e.value, "span": {"start": e.span.start, "end": e.span.end}}
                for e in self.entities
            ],
            "advert": [
                {"code": f.code, "message": f.message, "spans": [{"start": s.start, "end": s.end} for s in f.spans]}
                for f in self.advert
            ],
            "sender_message": self.sender_message,
            "stage": self.stage,
            "model": self.model,
        }
