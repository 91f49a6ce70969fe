"""Where the hub is, and which hosts are its own."""

import pytest

from advisor.net import hub
from advisor.net.addresses import origin


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://huggingface.co/x", True),
        ("https://cas-bridge.xethub.hf.co/x?y#z", True),
        ("HTTPS://CDN-LFS.HF.CO:443", True),
        ("https://hf.co.example.com/x", False),
        ("https://ahf.co/x", False),
        ("http://hf.co/x", False),
    ],
)
def test_the_hubs_hosts_are_known_by_their_whole_names(address, allowed):
    assert hub.on_hub(origin(address)) is allowed
