import pytest
from starlette.requests import Request

from pages.parts import addresses


@pytest.mark.parametrize("query", ["view=as-listed&family=bge", "q=//a.example%0d%0aX:%20y", ""])
def test_the_overview_answers_to_its_name_too_with_its_question(query):
    (route,) = addresses.ROUTES
    scope = {"type": "http", "path": "/overview", "query_string": query.encode(), "headers": []}
    answer = route.endpoint(Request(scope))
    location = f"./?{query}" if query else "./"
    assert (route.path, answer.status_code, answer.headers["Location"]) == (
        "/overview",
        307,
        location,
    )
