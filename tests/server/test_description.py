"""The description says all that the server takes and answers, and the running server keeps to it."""

import pytest
from starlette.routing import Route

from intake.server.api.app import make_app
from intake.server.api.description_routes import OPERATIONS
from intake.wire.problems import PROBLEMS
from tests.suites import api


@pytest.fixture
def app(core):
    return make_app(core)


@pytest.fixture
def description(app):
    return app.openapi()


def served(routes, prefix="") -> set[tuple[str, str]]:
    """Method and path of every route, those of included routers with them; HEAD beside GET comes by itself."""
    found = set()
    for route in routes:
        if isinstance(route, Route):
            methods = route.methods - ({"HEAD"} if "GET" in route.methods else set())
            found |= {(method.lower(), prefix + route.path) for method in methods}
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None) or route
            found |= served(inner.routes, prefix)
    return found


def test_every_route_is_described_and_the_other_way_round(app, description):
    routes = served(app.routes)
    assert len(routes) >= 12
    assert routes == set(OPERATIONS)
    described = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert described == set(OPERATIONS)


def test_every_problem_is_described_somewhere():
    named = {name for operation in OPERATIONS.values() for name in operation.problems}
    always = set.intersection(*(set(one.describe(path)["responses"]) for (_, path), one in OPERATIONS.items()))
    assert {"400", "413", "500", "503"} <= always
    # `method` is the answer to what is no operation.
    assert set(PROBLEMS) - named - {"malformed", "too-large", "internal", "unavailable", "method"} == set()


def test_refusals_are_problem_documents_with_known_names(description):
    schema = description["components"]["schemas"]["Problem"]
    assert schema["properties"]["type"]["enum"] == [one.prefix + one.name for one in PROBLEMS.values()]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                refuses = int(status) >= 400 and path not in ("/forward", "/forward/known")
                assert not refuses or "application/problem+json" in answer["content"], (method, path, status)


NOT_READ = {
    *("Upload-Concat", "Upload-Defer-Length", "Upload-Metadata", "Upload-Draft-Interop-Version"),
    *("Content-Type", "X-HTTP-Method-Override"),
}


def test_headers_described_are_those_that_a_page_may_send_and_read(shared_client):
    answer = shared_client.options("/uploads", headers={"Origin": "null", "Access-Control-Request-Method": "POST"})
    may_send, may_read = (
        set(answer.headers[f"access-control-{kind}-headers"].split(", ")) for kind in ("allow", "expose")
    )
    pages = [one for (_, path), one in OPERATIONS.items() if not path.startswith("/courier")]
    assert {name for one in pages for name in one.headers} == may_send - NOT_READ
    told = {name for one in pages for name in one.told | one.may_tell | one.refusing}
    assert told | {"Retry-After"} == may_read


def test_sample_of_schemathesis_finds_nothing():
    progress = api.Progress(7)
    api.rounds(progress, 0, None, examples=4)
    assert progress.failures == []
    assert progress.cases > 100
