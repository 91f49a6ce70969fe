"""What is said of an endpoint that gives no answer."""

from advisor.encode import endpoint_refusals
from advisor.encode.endpoint_refusals import no_answer
from advisor.net.addresses import parsed
from advisor.net.client import Failure, RequestLimits


def test_each_reason_for_no_answer_has_its_sentence(pinned):
    error = no_answer("here", parsed("https://endpoint.test"), RequestLimits(largest_bytes=100_000))
    sentences = {failure.name: str(error(failure)) for failure in Failure}
    assert "endpoint.test" in sentences["CERTIFICATE"]
    assert "REQUESTS_CA_BUNDLE" in sentences["CERTIFICATE"]
    assert "100,000" in sentences["LARGE"]
    assert sentences["SLOW"] == endpoint_refusals.too_long("here")
    assert all("here" in sentence for sentence in sentences.values())
    assert sentences == pinned
