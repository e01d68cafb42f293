"""Where and within which bounds the service runs: the environment variables `SPAMFILTER_*`.

What changes a score is in the model's manifest and never here. The module imports no other part of the package
but the errors, so the shells may read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Self

from spamfilter.errors import InputError, MissingExtraError
from spamfilter.types import Category, Label

try:
    from pydantic import Field, ValidationError, model_validator
    from pydantic_settings import BaseSettings, SettingsConfigDict
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "pydantic-settings", "serve", "the HTTP service") from error

PREFIX: Final = "SPAMFILTER_"


class Settings(BaseSettings):
    """How the HTTP service runs.

    Read from the environment, each field as `SPAMFILTER_` and its name in capitals; an argument wins over the
    environment. Use `read_settings`, whose error is a sentence.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, protected_namespaces=())

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="TCP port; 0 takes any free one and logs it.")
    model: Path | None = Field(None, description="Folder of a model; the shipped one if not given.")
    kiwi: Literal["background", "off"] = Field(
        "background", description="Load the morpheme stage beside the first verdicts, or do without (480 MB less)."
    )
    switches: dict[Category, Label] = Field(
        default_factory=dict,
        description='What the operator wants of a category, as JSON: {"promotion-lawful": "review"}.',
    )
    max_text_length: int = Field(
        65_536, ge=1, description="Code points of one message. No messenger carries more: a Matrix event ends there."
    )
    max_batch: int = Field(1_000, ge=1, description="Messages of one batch request.")
    max_body_bytes: int = Field(
        4 * 1024 * 1024, ge=1_024, description="Bytes of a request body: 1,000 full long messages (LMS) fit."
    )
    max_requests: int = Field(
        100, ge=1, description="Scoring requests being read or answered; from 128 on, latency was seen to explode."
    )
    max_waiting: int = Field(4_096, ge=1, description="Messages waiting for a verdict, over all requests.")
    body_timeout_s: float = Field(10.0, gt=0, description="Seconds that a client may take to send its body.")
    shutdown_timeout_s: int = Field(10, ge=0, description="Seconds that accepted requests get after SIGTERM.")
    access_log: bool = Field(True, description="One line a request: method, route, status, duration.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity logged.")

    @model_validator(mode="after")
    def _batch_fits_queue(self) -> Self:
        if self.max_batch > self.max_waiting:
            raise ValueError(
                f"max_batch ({self.max_batch}) must not exceed max_waiting ({self.max_waiting}): "
                "a full batch would be refused for ever"
            )
        return self


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment.

    Args:
        given: fields that win over the environment, such as a command line's options; None counts as not given.

    Raises:
        InputError: if a value is not usable; names every variable at fault and what it held.

    >>> read_settings(port=8080).port
    8080
    """
    try:
        return Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}, got {e['input']!r}" if e["loc"] else e["msg"]
            for e in error.errors()
        ]
        raise InputError("; ".join(faults)) from None
