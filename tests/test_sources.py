"""What sources.toml says, and what it may not say."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from spamfilter.errors import InputError
from spamfilter.types import Category
from training.sources import SHIPPED, Source, load_sources


def source_named(name: str) -> Source:
    return next(source for source in load_sources().sources if source.name == name)


def test_the_shipped_sources_are_complete() -> None:
    catalogue = load_sources()
    labels = {source.name: source.label for source in catalogue.sources}
    assert labels.pop("telco_spam") == labels.pop("kisa_smishing") == "spam"
    assert labels.pop("uci_sms") == "both"
    assert set(labels.values()) == {"ham"}
    assert len(labels) == 8
    assert [s.name for s in catalogue.sources if not s.files] == ["kotox_ham"]
    assert all(source.licence and source.what for source in catalogue.sources)


def test_kinds_are_ours_and_of_the_label() -> None:
    kisa, telco, uci = map(source_named, ("kisa_smishing", "telco_spam", "uci_sms"))
    assert kisa.kind_of("obituary", is_spam=True) is Category.PHISHING_INVITATION
    assert kisa.kind_of("other", is_spam=True) is None
    assert telco.kind_of("telco-report", is_spam=True) is None
    assert uci.kind_of("english-sms", is_spam=True) is Category.OTHER
    assert uci.kind_of("english-sms", is_spam=False) is Category.CHAT
    assert source_named("kotox_ham").kind_of("obfuscated-chat-hard", is_spam=False) is Category.CHAT
    assert source_named("delivery").kind is Category.NOTICE
    assert source_named("delivery").weight < 1


def test_an_address_quotes_the_path_and_names_the_commit() -> None:
    catalogue = load_sources()
    assert source_named("telco_spam").files[0].address(catalogue.address) == (
        "https://raw.githubusercontent.com/j2h00n/smishing_ai/6a0a7f7a4e18be72fc11d1976ba216db67045d3a/"
        "smishingai/smishing_ai_final/smishing_ai_v2%20backup/lgaidataset_all_classified.csv"
    )
    assert "/hanowl-1/CRM_for_SMB-3q/" in source_named("alimtalk").files[1].address(catalogue.address)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('name = "chatbot"', 'name = "../chatbot"', "source 6: name: '../chatbot' does not look like one"),
        ('name = "chatbot"', 'name = "reviews"', "names of their own"),
        ('sha256 = "287e', 'sha256 = "XXXX', "source 6 (chatbot): file 1: sha256"),
        ("bytes = 889842", "bytes = 0", "source 6 (chatbot): file 1: bytes: a whole number"),
        ('text = ["{Q}", "{A}"]', 'text = ["{Q.x}"]', "source 6 (chatbot): file 1: text: templates"),
        ('kind = "chat"', 'kind = "loan"', "kind: 'loan' is no kind of ham"),
        ("weight = 0.25", "weight = nan", "source 3 (delivery): weight: a number above 0"),
        ('mend = ["slots"]', 'mend = ["slot"]', "source 4 (alimtalk): mend: ['slot'] unknown"),
        ('licence = "CC0"', 'license = "CC0"', "source 8 (reviews): licence: missing"),
        ('licence = "CC0"', 'licence = "CC0"\nextra = 1', "source 8 (reviews): extra: unknown"),
        ('address = "https', 'address = "file', "address: a template of an http(s) address"),
        ('label_field = "label"', "", "source 11 (uci_sms): file 1: label_field"),
        ("[[source]]", "[source", "is not TOML"),
    ],
)
def test_a_slip_in_sources_toml_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    toml = tmp_path / "sources.toml"
    toml.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=re.escape(fault)):
        load_sources(toml)


@pytest.mark.shared
@pytest.mark.skipif("SPAMFILTER_DATA" not in os.environ, reason="SPAMFILTER_DATA names no folder")
def test_the_pins_are_those_of_the_development_data() -> None:
    given = json.loads(Path(os.environ["SPAMFILTER_DATA"], "sources.json").read_text("utf-8"))
    theirs = {(g["path"], g.get("sha256"), g.get("bytes")) for g in given if "sha256" in g}
    ours = {(f.path, f.sha256, f.n_bytes) for source in load_sources().sources for f in source.files}
    assert ours == theirs


def test_an_unknown_word_for_a_kind_is_refused_not_guessed() -> None:
    source = replace(source_named("kisa_smishing"), kinds={"account": Category.PHISHING_ACCOUNT})
    with pytest.raises(ValueError, match="one of account expected"):
        source.kind_of("parcel", is_spam=True)
