"""Where models and tokenizers are published."""

import os

HUB = "https://huggingface.co"


def address() -> str:
    """The hub's address: that of ADVISOR_HUB, as of a mirror, else the public one."""
    return os.environ.get("ADVISOR_HUB") or HUB
