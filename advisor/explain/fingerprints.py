"""What of a rule a saved decision is compared by: what it decides, not how it says so."""

from __future__ import annotations

import hashlib

from advisor.catalog import Catalog
from advisor.catalog.schema import Rule

DECISION = {"when", "effect", "if_unknown", "job"}
"""The fields of a rule on which an answer depends."""
# Records held a fingerprint of the whole rule, sentences and sources included, until 2026-11-30.
# Those of the rules as they were last worded then, each with the fingerprint of what it decided:
_WHOLE = {
    "7edbed19656f": "ce8e11ae8e10", "38404aee480b": "60543bdd6897", "a03b1fce4410": "7bae83a79e3a",
    "57c058121de1": "a97152efbf87", "ac48c6bbcab1": "2be7510bb229", "06abbdaf95a5": "c946c10d0a79",
    "74963c9cdb9b": "17d9de552df0", "9d687d1e5c1d": "14a29ac87a5a", "0fa19a969519": "16639e795ad4",
    "50757e0fa9fe": "935525ef9eb7", "dc7fba880d60": "4416252dd707", "54fee59dc35f": "096dbd37e55b",
    "a950bef8af28": "f09584d3474b", "fced79998a0a": "837018c80b68", "029c9602e0f0": "2eadec383c9b",
    "393616dec3cb": "6c149f5f6b68", "f2edc78795d0": "87efb22d5fa0", "dc3677446634": "353749ec71a1",
    "5fdf1eb7ed52": "b89987d79b5d", "72240f14ee36": "d9e2a9ce9722", "fc7f685d179e": "301fd59211fd",
    "f26bcf845570": "128c30cc92a7", "09cfd08040ec": "a92f6819f6f8", "8b818bb6f838": "5a6e55080723",
    "cf282d0a2efa": "8be2bfaaed0e", "fefbfbad14b3": "81e7d3825798", "60150ce62dbc": "277dda6de62b",
    "6c2aa26786b7": "31892c056f05", "da6c46cd5e49": "dae99a97316b", "ac1468c14abf": "67c43b7bc982",
    "58c4ad199ca0": "0906630df928", "13c4dbe22766": "c9a88ff6ed98", "97b882b9b126": "8c0a591afe6e",
    "d24bc7f56bec": "442dcbfa4749", "01d81d7f8be1": "19c94c4f3c2c", "ec8565108949": "0d6e280e1e3a",
    "5d7c0a029dd5": "94304bba922d", "1fd30ee3b4e8": "dfe81d10c041", "f5f5b86a5a66": "54110739630e",
    "78e6f306b7b0": "32a3086ac6ef", "c49fee426b0a": "27ace446da89", "c337983f289d": "bb153f2530d1",
    "d9acefae4548": "ce0ae6d55412", "57bf660b6ab5": "6c72b38d4328", "1be526ec0dc8": "50e0e16f50f6",
    "73c16113e570": "af196f573621", "aa981f0501b2": "bcab3ef2bca5", "38740e9caa3e": "3484453ba75d",
    "c3490b21ac6c": "b63b72b8701e", "7bd49b8d67ad": "dd03a266aa29", "9c8103e14f32": "3d114384fd7d",
    "13f14f869aa8": "e4d3554599b2", "79db2536a340": "eb13321764cb", "3fc419c308a7": "b0187c1ab24d",
    "d3f9981a355c": "c0404eb1386b", "76ac6f52a3d1": "4471b8b38e38", "7ae2a7ced083": "054716f36c76",
    "db1929908398": "71fed1ffaa80", "3a35d70edcff": "fe1ecf094694", "23cc2ca64825": "8d97a5c1130c",
    "b1ef02995437": "d0f3853e5d8c", "f77a978d5493": "af29dfc5f073", "e478320c5c62": "8d7f2fc1cce3",
    "1235df9b2f09": "e75e61530895", "074f736b7a34": "1addd5c06619", "ad6f1954ed25": "7515ec6a5642",
    "8fd6337723c3": "bdd38e41e140", "9c87fca46ee1": "faf163cea893", "b82869c5d931": "b30a8f66b9f3",
    "eff56763a86c": "c1571b7002f6",
}  # fmt: skip


def rule_fingerprints(catalog: Catalog) -> dict[str, str]:
    """A fingerprint of what each rule decides, by rule."""
    return {key: _of_decision(rule.entry) for key, rule in sorted(catalog.rules.items())}


def changed_rules(catalog: Catalog, saved: dict[str, str]) -> dict[str, str]:
    """What has become of each rule that decides otherwise than a record saved: `is new`, ..."""
    changes = {}
    for key in sorted({*catalog.rules, *saved}):
        rule = catalog.rules.get(key)
        if rule is None:
            changes[key] = "is gone"
        elif key not in saved:
            changes[key] = "is new"
        elif not _decides_as(rule.entry, saved[key]):
            changes[key] = "has changed"
    return changes


def _decides_as(rule: Rule, saved: str) -> bool:
    """Whether a saved fingerprint, of whichever kind, is that of a rule's decision."""
    now = _of_decision(rule)
    return saved in (now, _of_whole(rule)) or _WHOLE.get(saved) == now


def _of_decision(rule: Rule) -> str:
    return _digest(rule.model_dump_json(include=DECISION))


def _of_whole(rule: Rule) -> str:
    # a field that came later is left out where it says nothing, or every saved rule would differ
    return _digest(rule.model_dump_json(by_alias=True, exclude=None if rule.job else {"job"}))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
