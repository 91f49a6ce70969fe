"""How many tokens a text has where there is no tokenizer to count them."""

from __future__ import annotations

import re

CJK = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
CHARACTERS_PER_TOKEN = 4


def estimated_tokens(text: str) -> int:
    """Estimate of a text's tokens without special ones: one for 4 characters, one for a CJK one.

    The workload's rule of thumb for English, rounded up, and for CJK a high guess: one token with
    BERT, less with larger vocabularies. Other alphabets may take more. Measured for no variant.

    >>> estimated_tokens("seventeen letters"), estimated_tokens("\u4f60\u597d, world")
    (5, 4)
    """
    text = text.strip()
    cjk = len(CJK.findall(text))
    return cjk - -(len(text) - cjk) // CHARACTERS_PER_TOKEN
