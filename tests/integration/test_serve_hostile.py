"""Requests that are wrong, on purpose or not: each is answered clearly, and none changes anything."""

import base64
import contextlib
import gzip
import json
import socket
import struct
import time
import zipfile

import httpx
import pytest

pytest.importorskip("fastapi")

from tests.hashing import HashingEncoder
from tests.serving import error_of, running

ROWS = [{"text": f"text number {n}", "id": n, "metadata": {"n": n}} for n in range(5)]
DEEP = b'{"documents": [{"text": "x", "metadata": ' + b'{"a": ' * 40 + b"1" + b"}" * 40 + b"}]}"
C, D, S = "/v1/collections/c", "/v1/collections/c/documents", "/v1/collections/c/search"
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
SYNC = "/v1/collections/c/sync?source=rows"


def body(value):
    return json.dumps(value).encode()


# Name: method, address, body, headers, statuses that are right.
WRONG = {
    "no json": ("POST", S, b"{", JSON, 400),
    "not json at all": ("POST", S, b"query=x", JSON, 400),
    "empty body": ("POST", S, b"", JSON, 422),
    "bad utf-8": ("POST", D, b'{"documents": ["\xff\xfe"]}', JSON, 400),
    "bad utf-8 in a key": ("POST", S, b'{"query": "x", "\xc3\x28": 1}', JSON, 400),
    "utf-16": ("POST", S, '{"query": "\u0100\u0200"}'.encode("utf-16-le")[1:], JSON, 400),
    "form": ("POST", S, b"query=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "plain text": ("POST", D, b'{"documents": ["x"]}', {"Content-Type": "text/plain"}, 415),
    "no type": ("POST", D, b'{"documents": ["x"]}', {}, 415),
    "array": ("POST", S, b"[]", JSON, 422),
    "null": ("POST", S, b"null", JSON, 422),
    "number": ("POST", S, b"1", JSON, 422),
    "no query": ("POST", S, b"{}", JSON, 422),
    "query of a number": ("POST", S, body({"query": 5}), JSON, 422),
    "query of an object": ("POST", S, body({"query": {"a": 1}}), JSON, 422),
    "no phrasings": ("POST", S, body({"query": []}), JSON, 422),
    "many phrasings": ("POST", S, body({"query": ["x"] * 17}), JSON, 422),
    "blank query": ("POST", S, body({"query": "  \u200b"}), JSON, 422),
    "lone surrogate": ("POST", S, b'{"query": "\\ud800"}', JSON, 422),
    "lone surrogate in a filter": ("POST", S, b'{"query": "x", "where": {"n": "\\udfff"}}', JSON, 422),
    "long query": ("POST", S, body({"query": "x " * 5000}), JSON, 422),
    "misspelt field": ("POST", S, body({"query": "x", "limt": 3}), JSON, 422),
    "limit zero": ("POST", S, body({"query": "x", "limit": 0}), JSON, 422),
    "limit below": ("POST", S, body({"query": "x", "limit": -1}), JSON, 422),
    "limit above": ("POST", S, body({"query": "x", "limit": 1001}), JSON, 422),
    "limit without end": ("POST", S, b'{"query": "x", "limit": ' + b"9" * 400 + b"}", JSON, 422),
    "limit of 5,000 digits": ("POST", S, b'{"query": "x", "limit": ' + b"9" * 5000 + b"}", JSON, 400),
    "limit of a string": ("POST", S, body({"query": "x", "limit": "10"}), JSON, 422),
    "limit of a truth value": ("POST", S, body({"query": "x", "limit": True}), JSON, 422),
    "limit with a part": ("POST", S, body({"query": "x", "limit": 1.5}), JSON, 422),
    "offset without end": ("POST", S, body({"query": "x", "offset": 10**9}), JSON, 422),
    "nan": ("POST", S, b'{"query": "x", "neutral": NaN}', JSON, 422),
    "infinity": ("POST", S, b'{"query": "x", "min_score": -Infinity}', JSON, 422),
    "neutral above": ("POST", S, body({"query": "x", "neutral": 1.01}), JSON, 422),
    "many rankings": ("POST", S, body({"query": "x", "compare": [0.5] * 22}), JSON, 422),
    "unknown mode": ("POST", S, body({"query": "x", "mode": "magic"}), JSON, 422),
    "modes that do not go together": ("POST", S, body({"query": "x", "mode": "lexical", "balance": 1}), JSON, 422),
    "unknown language": ("POST", S, body({"query": "x", "languages": ["not a language"]}), JSON, 422),
    "languages of a string": ("POST", S, body({"query": "x", "languages": "en"}), JSON, 422),
    "filter of a list": ("POST", S, body({"query": "x", "where": ["n"]}), JSON, 422),
    "filter of nonsense": ("POST", S, body({"query": "x", "where": {"n": {"near": 3}}}), JSON, 422),
    "filter too deep": ("POST", S, b'{"query": "x", "where": ' + b'{"not": ' * 40 + b'{"n": 1}' + b"}" * 41, JSON, 422),
    "a reranker's path": ("POST", S, body({"query": "x", "rerank": "/etc/passwd"}), JSON, 422),
    "no documents": ("POST", D, body({"documents": []}), JSON, 422),
    "documents of a string": ("POST", D, body({"documents": "x"}), JSON, 422),
    "document of a number": ("POST", D, body({"documents": ["x", 5]}), JSON, 422),
    "document without a text": ("POST", D, body({"documents": ["x", {"id": 1}]}), JSON, 422),
    "document with too much": ("POST", D, body({"documents": ["x", {"text": "y", "vector": [1]}]}), JSON, 422),
    "id of a list": ("POST", D, body({"documents": [{"text": "y", "id": [1]}]}), JSON, 422),
    "metadata of a list": ("POST", D, body({"documents": [{"text": "y", "metadata": [1]}]}), JSON, 422),
    "too deep": ("POST", D, DEEP, JSON, 422),
    "far too deep": ("POST", D, b"[" * 100_000, JSON, 422),
    "too many": ("POST", D, body({"documents": ["x"] * 1001}), JSON, 422),
    "a text without end": ("POST", D, body({"documents": ["x" * 200_001]}), JSON, 422),
    "huge": ("POST", D, b'{"documents": ["' + b"x" * 9_000_000 + b'"]}', JSON, 413),
    "a page without end": ("GET", f"{D}?limit=1001", b"", {}, 422),
    "a page of nothing": ("GET", f"{D}?limit=0", b"", {}, 422),
    "a page of 5,000 digits": ("GET", f"{D}?limit={'9' * 5000}", b"", {}, 422),
    "a cursor of nonsense": ("GET", f"{D}?cursor=../etc", b"", {}, 422),
    "a cursor without end": ("GET", f"{D}?cursor={'9' * 300}", b"", {}, 422),
    "pages of no language": ("GET", f"{D}?languages=not%20a%20language", b"", {}, 422),
    "no ids": ("POST", f"{D}/delete", body({"ids": []}), JSON, 422),
    "neither ids nor filter": ("POST", f"{D}/delete", b"{}", JSON, 422),
    "ids and filter": ("POST", f"{D}/delete", body({"ids": [1], "where": {"n": 1}}), JSON, 422),
    "ids of truth values": ("POST", f"{D}/delete", body({"ids": [True]}), JSON, 422),
    "an empty filter": ("POST", f"{D}/delete", body({"where": {}}), JSON, 422),
    "no integer": ("DELETE", f"{D}/abc?id_type=integer", b"", {}, 422),
    "unknown kind of id": ("DELETE", f"{D}/1?id_type=float", b"", {}, 422),
    "not there": ("DELETE", f"{D}/1", b"", {}, 404),
    "traversal, encoded": ("PUT", "/v1/collections/%2e%2e%2f%2e%2e%2fetc", b"", {}, 404),
    "traversal, backslash": ("PUT", "/v1/collections/..%5C..%5Cetc", b"", {}, 422),
    "traversal, long form": ("PUT", "/v1/collections/%c0%ae%c0%ae", b"", {}, 400),
    "a null byte": ("PUT", "/v1/collections/a%00b", b"", {}, 422),
    "a line break": ("PUT", "/v1/collections/a%0d%0aX-Evil:%201", b"", {}, 422),
    "a name too long": ("PUT", f"/v1/collections/{'x' * 300}", b"", {}, 422),
    "a name of spaces": ("PUT", "/v1/collections/%20", b"", {}, 422),
    "an absolute name": ("DELETE", "/v1/collections/%2Fetc%2Fpasswd", b"", {}, 404),
    "made with nonsense": ("PUT", "/v1/collections/new", body({"quantization": "zip"}), JSON, 422),
    "made with a model's path": ("PUT", "/v1/collections/new", body({"model": "/etc"}), JSON, 422),
    "made otherwise": ("PUT", C, body({"chunk_tokens": 64}), JSON, 422),
    "unknown collection": ("POST", "/v1/collections/none/documents", body({"documents": ["x"]}), JSON, 404),
    "unknown address": ("POST", "/v1/nothing", b"{}", JSON, 404),
    "unknown method": ("PATCH", C, b"{}", JSON, 405),
    "lines of another type": ("POST", SYNC, b'"x"\n', JSON, 415),
    "lines without a source": ("POST", "/v1/collections/c/sync", b'"x"\n', LINES, 422),
    "a blank source": ("POST", "/v1/collections/c/sync?source=%20", b'"x"\n', LINES, 422),
    "a line that is no json": ("POST", SYNC, b'"x"\n{"text": \n', LINES, 400),
    "a line of bad utf-8": ("POST", SYNC, b'"x"\n"\xff"\n', LINES, 400),
    "a line that is no document": ("POST", SYNC, b'"x"\n[1]\n', LINES, 422),
    "a line with too much": ("POST", SYNC, b'{"text": "x", "txet": 1}\n', LINES, 422),
    "a line too deep": ("POST", SYNC, b"[" * 50_000 + b"\n", LINES, 422),
    "no lines": ("POST", SYNC, b"\n", LINES, 422),
    "a file of no format": ("POST", "/v1/collections/c/files?name=x.exe", b"MZ", {}, 422),
    "a file with a path": ("POST", "/v1/collections/c/files?name=../x.txt", b"x", {}, 422),
    "a packed file": ("POST", "/v1/collections/c/files?name=x.txt.gz", gzip.compress(b"x" * 9999), {}, 422),
    "a file of bad utf-8": ("POST", "/v1/collections/c/files?name=x.txt", b"\xff\xfe\xfa\xd8", {}, 422),
    "a table without texts": ("POST", "/v1/collections/c/files?name=x.csv", b"a,b\n1,2\n", {}, 422),
    "similar to nothing": ("POST", f"{C}/similar", b"{}", JSON, 422),
    "similar to two": ("POST", f"{C}/similar", body({"id": 1, "text": "x"}), JSON, 422),
    "similar to an unknown one": ("POST", f"{C}/similar", body({"id": "nobody"}), JSON, 422),
    "nothing liked": ("POST", f"{C}/recommend", b"{}", JSON, 422),
    "one label": ("POST", f"{C}/classify", body({"texts": ["x"], "examples": {"a": ["x"]}}), JSON, 422),
    "no memory": ("POST", "/v1/memories/c/lookup", body({"text": "x", "target": "en"}), JSON, 409),
    "no language": ("POST", "/v1/memories/c/lookup", body({"text": "x", "target": ""}), JSON, 422),
    "tokens": ("POST", "/v1/embeddings", body({"input": [1, 2, 3]}), JSON, 422),
    "lists of tokens": ("POST", "/v1/embeddings", body({"input": [[1, 2], [3]]}), JSON, 422),
    "no input": ("POST", "/v1/embeddings", body({"input": []}), JSON, 422),
    "blank input": ("POST", "/v1/embeddings", body({"input": ["x", ""]}), JSON, 422),
    "another model": ("POST", "/v1/embeddings", body({"input": "x", "model": "text-embedding-3-small"}), JSON, 404),
    "too many dimensions": ("POST", "/v1/embeddings", body({"input": "x", "dimensions": 65}), JSON, 422),
    "texts of numbers": ("POST", "/v1/detect", body({"texts": [1]}), JSON, 422),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hostile")
    with running(directory, model=HashingEncoder()) as url, httpx.Client(base_url=url, timeout=60) as client:
        assert client.put(C).status_code == 201
        assert client.post(D, json={"documents": ROWS, "source": "rows"}).json()["added"] == 5
        yield client, directory, state(client, directory)


def state(client, directory):
    """All that is stored, and which files there are."""
    names = [one["name"] for one in client.get("/v1/collections").json()["collections"]]
    documents = client.post(f"{D}/get", json={"ids": list(range(5))}).json()["documents"]
    count = client.get(C).json()["documents"]
    return names, documents, count, sorted(path.name for path in directory.parent.iterdir())


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_and_changes_nothing(service, name):
    client, directory, before = service
    method, address, content, headers, status = WRONG[name]
    answer = client.request(method, address, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    error = error_of(answer)
    assert "Traceback" not in error["message"]
    assert str(directory) not in answer.text
    assert "x-evil" not in answer.headers
    assert state(client, directory) == before


def raw(client, data):
    """Send bytes as they are; what comes back until the connection is closed."""
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port), 20) as connection:
        connection.sendall(data)
        connection.settimeout(20)
        found = b""
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                found += part
                if b"\r\n\r\n" in found and found.split(b"\r\n\r\n", 1)[1].endswith(b"}"):
                    break
    return found


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/collections HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        b"GET /v1/collections HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: a\x00b\r\n\r\n",
        b"GET /v1/collections HTTP/1.1\r\nHost: 127.0.0.1\r\nbad header: x\r\n\r\n",
        b"GET /v1/collections HTTP/1.1\r\n\r\n",
        b"PUT /v1/collections/.. HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"PUT /v1/collections/../../etc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /v1/collections HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"G\xffT / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(service, head):
    client, directory, before = service
    assert raw(client, head).split(b"\r\n")[0].split(b" ")[1] in (b"400", b"404", b"421", b"422", b"431")
    assert state(client, directory) == before


def test_what_a_client_says_of_itself_does_not_come_back(service):
    client, _, _ = service
    own = client.get("/v1/collections", headers={"X-Request-Id": "trace-1.2_3"})
    assert own.headers["x-request-id"] == "trace-1.2_3"
    for wrong in ("a b", "x" * 65, "<script>", "a%0d%0aSet-Cookie: x"):
        answer = client.get("/v1/collections", headers={"X-Request-Id": wrong})
        assert wrong not in str(answer.headers)
    told = client.get("/metrics", headers={"X-Request-Id": "x"}).text
    client.get("/v1/made/up/address")
    client.request("BREW", "/v1/collections")
    text = client.get("/metrics").text
    assert "made/up" not in text
    assert "BREW" not in text
    assert len(text) < len(told) + 20_000


def test_a_body_that_stops_or_lies_changes_nothing(service):
    client, directory, before = service
    for address, kind in ((D, "application/json"), (SYNC, "application/x-ndjson")):
        head = f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        host, port = client.base_url.host, client.base_url.port
        for rest in ("Content-Length: 1000\r\n\r\n", 'Transfer-Encoding: chunked\r\n\r\n4\r\n"x"\n\r\n'):
            with socket.create_connection((host, port), 20) as connection:
                connection.sendall((head + rest).encode() + b'"half of it"\n')
                time.sleep(0.1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # cut, not closed
    time.sleep(0.3)
    assert state(client, directory) == before

    def endless():
        while True:
            yield b'"more and more"\n' * 4096

    with contextlib.suppress(httpx.TransportError):  # the service closes the connection while we send
        assert client.post(D, content=endless(), headers=JSON).status_code == 413
    assert state(client, directory) == before


def test_documents_that_cannot_be_stored_cost_the_others_nothing(service):
    client, _, _ = service
    assert client.put("/v1/collections/mixed").status_code == 201
    hard = [
        {"text": "\ud800"},
        {"text": " "},
        {"text": "x", "lang": "no such language"},
        {"text": "x", "id": ""},
        {"text": "x", "id": "\ud800"},
        {"text": "y", "id": 2**70},
        {"text": "fine", "metadata": {"big": 2**70, "odd \ud800": "\udfff", "html": "<script>alert(1)</script>"}},
    ]
    content = json.dumps({"documents": ["good", *hard]}).encode()
    answer = client.post("/v1/collections/mixed/documents", content=content, headers=JSON)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["added"] + len(report["skipped"]) == 8
    assert {1, 2, 3}.issubset(one["index"] for one in report["skipped"])
    assert client.post("/v1/collections/mixed/search", json={"query": "fine", "limit": 1}).json()["hits"][0]["metadata"]
    assert client.delete("/v1/collections/mixed").status_code == 204


def test_a_document_that_unpacks_without_end_is_refused(tmp_path):
    packed = tmp_path / "bomb.docx"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", b"x" * 3_000_000)
    with running(tmp_path, model=HashingEncoder(), max_upload_bytes=1_000_000) as url:
        httpx.put(f"{url}/v1/collections/c")
        answer = httpx.post(f"{url}/v1/collections/c/files?name=a.docx", content=packed.read_bytes(), timeout=60)
        assert answer.status_code == 413, answer.text
        large = httpx.post(f"{url}/v1/collections/c/files?name=a.txt", content=b"x" * 1_000_001, timeout=60)
        assert large.status_code == 413


def test_embeddings_in_both_forms_are_the_same(service):
    client, _, _ = service
    plain = client.post("/v1/embeddings", json={"input": "a text"}).json()["data"][0]["embedding"]
    packed = client.post("/v1/embeddings", json={"input": "a text", "encoding_format": "base64"}).json()
    assert list(struct.unpack("<64f", base64.b64decode(packed["data"][0]["embedding"]))) == pytest.approx(plain)
