"""What the service says of itself in OpenAPI is true, for strangers who go by it; and for OpenAI's own client."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("fastapi")
pytest.importorskip("openai")
pytest.importorskip("schemathesis")

import openai
import schemathesis
from schemathesis.specs.openapi import checks

from tests.hashing import HashingEncoder
from tests.serving import running
from xling.serve import create_app, load_settings


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    directory = tmp_path_factory.mktemp("openapi")
    with running(directory, model=HashingEncoder()) as url:
        httpx.put(f"{url}/v1/collections/phrases")
        httpx.post(
            f"{url}/v1/collections/phrases/documents", json={"documents": ["Thank you", {"text": "x", "id": "a"}]}
        )
        yield url


@schemathesis.serializer("application/x-ndjson")
def _lines(_, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def test_every_operation_keeps_to_its_description(service):
    described = schemathesis.openapi.from_url(f"{service}/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 15
    statuses = set()
    for operation in operations:

        @settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
        @given(case=operation.as_strategy())
        def holds(case):
            response = case.call(base_url=service)
            statuses.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        holds()
    assert {200, 422} <= statuses


def test_openapi_is_complete(tmp_path):
    told = create_app(load_settings(path=tmp_path, keys_file=tmp_path / "k"), model=HashingEncoder()).openapi()
    operations = [
        (f"{method} {path}", operation)
        for path, of in told["paths"].items()
        for method, operation in of.items()
        if method in ("get", "post", "put", "delete")
    ]
    assert len(operations) > 15
    for name, operation in operations:
        assert operation["description"], name
        assert operation["tags"], name
        if " /v1/" in name:
            for status in ("401", "422", "503"):
                content = operation["responses"][status]["content"]["application/json"]["schema"]
                assert content == {"$ref": "#/components/schemas/ErrorBody"}, name
            assert ("security" in operation) == (not name.endswith("/v1/service")), name
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and "delete" not in name and "get" not in name:
            model = body["schema"].get("$ref") or next(one["$ref"] for one in body["schema"]["anyOf"] if "$ref" in one)
            assert told["components"]["schemas"][model.rpartition("/")[2]].get("examples"), name


def test_openais_client_gets_its_embeddings(tmp_path, encoder):
    with running(tmp_path, model=encoder) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        one = client.embeddings.create(model=encoder.name, input="ありがとう")  # base64, unasked
        assert (one.model, one.object, one.data[0].index) == (encoder.name, "list", 0)
        own = encoder.encode_documents(["ありがとう", "Thank you", "The ferry leaves at noon."])
        assert one.data[0].embedding == pytest.approx(own[0].tolist(), abs=1e-5)
        assert one.usage.prompt_tokens == one.usage.total_tokens > 0
        texts = ["ありがとう", "Thank you", "The ferry leaves at noon."]
        several = client.embeddings.create(model="default", input=texts, encoding_format="float")
        for row, vector in zip(several.data, own, strict=True):
            assert row.embedding == pytest.approx(vector.tolist(), abs=1e-5)
        short = client.embeddings.create(model="default", input="Thank you", dimensions=64).data[0].embedding
        assert len(short) == 64
        assert sum(x * x for x in short) == pytest.approx(1, abs=1e-4)
        asked = client.embeddings.create(model="default", input="Thank you", extra_body={"prompt": "query"})
        assert asked.data[0].embedding == pytest.approx(encoder.encode_queries(["Thank you"])[0].tolist(), abs=1e-5)
        with pytest.raises(openai.UnprocessableEntityError, match="tokens"):
            client.embeddings.create(model="default", input=[[1, 2], [3]])
        with pytest.raises(openai.NotFoundError, match="this service has the model"):
            client.embeddings.create(model="text-embedding-3-small", input="x")
        with pytest.raises(openai.UnprocessableEntityError, match="the model reads"):
            client.embeddings.create(model="default", input="word " * 3000)
