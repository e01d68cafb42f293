"""A Korean spam filter for messengers: reads through obfuscation, explains every verdict, keeps its budget."""

from spamfilter.engine import Decisions, ModelInfo, SpamFilter
from spamfilter.errors import ArtifactError, BudgetError, InputError, SpamFilterError
from spamfilter.scoring.policy import Policy
from spamfilter.types import Category, Entity, Label, Reason, Span, Verdict

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "BudgetError",
    "Category",
    "Decisions",
    "Entity",
    "InputError",
    "Label",
    "ModelInfo",
    "Policy",
    "Reason",
    "SpamFilter",
    "SpamFilterError",
    "Span",
    "Verdict",
]
