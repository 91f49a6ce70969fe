"""A tokenizer that makes a token of each word, and what is summed up by variant."""

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

ENGLISH = ["bge-base-en-v1.5", "bge-large-en-v1.5", "bge-small-en-v1.5"]


def words(special="<s> $A </s>", pair="<s> $A </s> </s> $B </s>"):
    """A tokenizer of words, with XLM-R's special tokens, that would cut and pad."""
    tokenizer = Tokenizer(WordLevel({"<unk>": 0, "<s>": 1, "</s>": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single=special, pair=pair, special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=3)
    return tokenizer


def rows(found):
    return {row.variant_id: row for row in found}
