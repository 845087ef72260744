"""The HTTP service: the library's verbs over HTTP, keys, and settings."""

import json
import tempfile
import time
import uuid
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")

import xling
from tests.hashing import HashingEncoder
from tests.serving import error_of, running
from xling.errors import InvalidInput, ModelError, StoreError
from xling.serve import KeyFile, Settings, create_app, load_settings

ROWS = [
    {"text": "Thank you", "id": "en-1", "lang": "en", "metadata": {"kind": "thanks", "n": 1}},
    {"text": "Good morning", "id": 2, "lang": "en", "metadata": {"kind": "greeting", "n": 2}},
    {"text": "おはよう", "id": "ja-1", "lang": "ja", "metadata": {"kind": "greeting", "n": 1}},
    {"text": "Où est la gare ?", "id": "a/b c", "lang": "fr", "source": "guide"},
]


@pytest.fixture
def served(place, encoder, tmp_path):
    """A client of a service over one of the stores, and the name of a collection there."""
    arguments = place("phrases")
    with (
        running(tmp_path, model=encoder, client=arguments.get("client")) as url,
        httpx.Client(base_url=url + "/v1", timeout=60) as client,
    ):
        yield client, f"/collections/{arguments['name']}"


def test_the_verbs_over_http(served):
    client, base = served
    assert client.get(base).status_code == 404
    made = client.put(base, json={"indexes": {"n": "integer"}})
    assert made.status_code == 201
    assert (made.json()["documents"], made.json()["dimension"]) == (0, 384)
    assert client.put(base).status_code == 200

    report = client.post(f"{base}/documents", json={"documents": [*ROWS, "   ", "Danke"]}).json()
    assert (report["added"], [one["index"] for one in report["skipped"]]) == (5, [4])
    assert client.post(f"{base}/documents", json={"documents": ROWS}).json()["unchanged"] == 4

    listed = client.get("/collections").json()["collections"]
    assert [(one["documents"], one["state"]) for one in listed if base.endswith(one["name"])] == [(5, "ok")]
    info = client.get(base).json()
    assert info["languages"] == {"en": 2, "ja": 1, "fr": 1, "de": 1}
    assert info["location"] in ("embedded", "server")

    found = client.post(f"{base}/search", json={"query": "ありがとう", "limit": 2, "compare": [0.0, 1.0]}).json()
    assert found["hits"][0]["text"] == "Thank you"
    raw, same = found["rankings"]
    assert raw["hits"][0]["id"] == "ja-1"  # its own language first
    assert same["hits"] == found["hits"]
    assert found["language"]["lang"] == "ja"

    def ids(**asked):
        return [hit["id"] for hit in client.post(f"{base}/search", json=asked).json()["hits"]]

    assert ids(query="good day", languages=["ja"]) == ["ja-1"]
    assert ids(query="good day", where={"n": {"gte": 2}}) == [2]
    assert ids(query="station", source="guide") == ["a/b c"]
    assert ids(query="morning", mode="lexical") == [2]
    assert ids(query="morning", mode="hybrid", limit=1) == [2]
    assert ids(query=["train station", "駅"], limit=1, combine="fuse") == ["a/b c"]
    unknown = client.post(f"{base}/search", json={"query": "x", "where": {"colour": "red"}}).json()
    assert unknown["hits"] == []
    assert "colour" in unknown["warnings"][0]

    like = client.post(f"{base}/similar", json={"id": 2, "languages": ["en", "ja"]}).json()["hits"]
    assert like
    assert all(hit["id"] != 2 and hit["lang"] in ("en", "ja") for hit in like)
    assert client.post(f"{base}/similar", json={"text": "Good morning!", "limit": 1}).json()["hits"][0]["id"] == 2
    assert client.post(f"{base}/similar", json={"id": "2"}).status_code == 422
    liked = client.post(f"{base}/recommend", json={"liked": ["en-1", "ながめの良い場所"], "limit": 3}).json()["hits"]
    assert "en-1" not in [hit["id"] for hit in liked]
    passages = client.post(f"{base}/retrieve", json={"question": "駅はどこですか", "limit": 1}).json()
    assert passages["context"].startswith("[1] a/b c (fr")
    examples = {"thanks": ["Merci beaucoup", "en-1"], "place": ["Where is the office?", "a/b c"]}
    labels = client.post(f"{base}/classify", json={"texts": ["助かりました"], "examples": examples, "threshold": 0})
    assert labels.json()["predictions"][0]["label"] == "thanks"

    paged, cursor = [], {}
    while cursor is not None:
        page = client.get(f"{base}/documents", params={"limit": 2, **cursor}).json()
        assert len(page["documents"]) <= 2
        paged += page["documents"]
        cursor = {"cursor": page["cursor"]} if page["cursor"] else None
    without = [one["id"] for one in paged if one["text"] == "Danke"]  # the point's, where none was given
    assert [str(uuid.UUID(id)) for id in without] == without
    assert len(without) == 1
    assert {one["id"] for one in paged} == {"en-1", 2, "ja-1", "a/b c", *without}
    some = client.get(f"{base}/documents", params={"languages": ["ja", "fr"]}).json()
    assert ({one["lang"] for one in some["documents"]}, some["cursor"]) == ({"ja", "fr"}, None)
    assert [one["id"] for one in client.get(f"{base}/documents?source=guide").json()["documents"]] == ["a/b c"]

    got = client.post(f"{base}/documents/get", json={"ids": ["ja-1", "2", 2]}).json()["documents"]
    assert [one and one["text"] for one in got] == ["おはよう", None, "Good morning"]
    assert client.get(f"{base}/documents/a%2Fb%20c").json()["source"] == "guide"
    assert client.get(f"{base}/documents/2").status_code == 404
    assert client.get(f"{base}/documents/2", params={"id_type": "integer"}).json()["text"] == "Good morning"
    assert client.delete(f"{base}/documents/a%2Fb%20c").json()["deleted"] == 1
    assert client.delete(f"{base}/documents/a%2Fb%20c").status_code == 404
    assert client.post(f"{base}/documents/delete", json={"ids": [2, "nope"]}).json()["deleted"] == 1
    assert client.post(f"{base}/documents/delete", json={"languages": ["ja"]}).json()["deleted"] == 1
    assert client.get(base).json()["documents"] == 2

    assert client.delete(base).status_code == 204
    assert client.get(base).status_code == 404
    assert client.delete(base).status_code == 404


def test_what_was_written_is_there_after_a_restart(tmp_path, encoder):
    with running(tmp_path, model=encoder) as url, httpx.Client(base_url=url + "/v1/collections", timeout=60) as client:
        assert client.put("/p").status_code == 201
        assert client.post("/p/documents", json={"documents": ROWS}).json()["added"] == 4
    with running(tmp_path, model=encoder) as url, httpx.Client(base_url=url + "/v1/collections", timeout=60) as client:
        assert client.get("/p").json()["documents"] == 4
        assert client.post("/p/search", json={"query": "感謝", "limit": 1}).json()["hits"][0]["id"] == "en-1"


def test_keys_open_what_they_are_for_and_nothing_else(tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    _, read = keys.create("reader", collections=["a"])
    _, write = keys.create("writer", role="write", collections=["a"])
    _, admin = keys.create("admin", role="admin")
    _, old = keys.create("old", role="admin", days=1e-9)
    stored = (tmp_path / "keys.json").read_text("utf-8")
    assert not any(text in stored or text.split("_", 2)[2] in stored for text in (read, write, admin))
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0

    with running(tmp_path, model=HashingEncoder()) as url, httpx.Client(base_url=url, timeout=60) as client:

        def ask(method, path, key, **more):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            return client.request(method, f"/v1{path}", headers=headers, **more)

        def status(*asked, **more):
            return ask(*asked, **more).status_code

        for name in "ab":
            assert status("PUT", f"/collections/{name}", admin) == 201
        document = {"json": {"documents": ["a text"]}}
        query = {"json": {"query": "a text"}}
        for wrong in (None, "nonsense", read[:-1], read + "x", read.replace("xl_", "xl_0"), old, "x" * 5000, "é"):
            headers = {} if wrong is None else {"Authorization": f"Bearer {wrong}".encode()}
            answers = [
                client.get("/v1/collections", headers=headers),
                client.post("/v1/collections/a/documents", headers=headers, **document),
                client.delete("/v1/collections/a", headers=headers),
                client.get("/metrics", headers=headers),
            ]
            assert {error_of(one)["code"] for one in answers} == {"unauthorized"}
            assert all(one.headers["www-authenticate"].startswith("Bearer") for one in answers)
        assert client.get("/v1/collections", headers={"Authorization": f"Basic {admin}"}).status_code == 401
        assert client.get("/health").status_code == client.get("/ready").status_code == 200

        assert status("POST", "/collections/a/search", read, **query) == 200
        assert status("POST", "/collections/a/documents", write, **document) == 200
        assert status("POST", "/collections/a/search", write, **query) == 200
        for method, path, key, more in (
            ("POST", "/collections/a/documents", read, document),
            ("POST", "/collections/a/documents/delete", read, {"json": {"ids": ["x"]}}),
            ("DELETE", "/collections/a/documents/x", read, {}),
            ("PUT", "/collections/a", write, {}),
            ("DELETE", "/collections/a", write, {}),
            ("POST", "/collections/b/search", read, query),
            ("POST", "/collections/b/documents", write, document),
            ("GET", "/collections/b", write, {}),
            ("GET", "/collections/nowhere", read, {}),
        ):
            answer = ask(method, path, key, **more)
            assert (answer.status_code, error_of(answer)["code"]) == (403, "forbidden"), path
        assert client.get("/metrics", headers={"Authorization": f"Bearer {read}"}).status_code == 403
        assert [one["name"] for one in ask("GET", "/collections", read).json()["collections"]] == ["a"]
        assert [one["name"] for one in ask("GET", "/collections", admin).json()["collections"]] == ["a", "b"]
        assert ask("GET", "/collections/a", read).json()["documents"] == 1

        told = {key: ask("GET", "/service", key).json() for key in (None, read, admin)}
        assert [one["role"] for one in told.values()] == [None, "read", "admin"]
        assert all(one["keys_required"] for one in told.values())
        assert told[None]["model"] is None
        assert told[read]["collections"] == ["a"]

        for key in keys.all():
            keys.revoke(key.id)
        time.sleep(1.1)  # the service looks at the file once a second
        assert status("GET", "/collections", read) == 401  # the last key that is gone opens nothing
        assert status("GET", "/collections", None) == 401


def test_a_key_file_that_is_damaged_lets_nobody_in(tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    _, text = keys.create("one")
    assert keys.find(text) is not None
    with pytest.raises(InvalidInput, match="no key"):
        keys.revoke("nope")
    for wrong in ({"name": " "}, {"name": "x", "role": "god"}, {"name": "x", "collections": ["../a"]}):
        with pytest.raises(InvalidInput):
            keys.create(**wrong)
    with pytest.raises(InvalidInput):
        keys.create("x", days=-1)
    for damaged in ("", "[]", '{"format": 1}', '{"format": 9, "keys": []}', '{"format": 1, "keys": [{"id": 1}]}'):
        (tmp_path / "keys.json").write_text(damaged)
        with pytest.raises(StoreError, match="no file of keys"):
            KeyFile(tmp_path / "keys.json").find(text)
        with pytest.raises(StoreError):
            KeyFile(tmp_path / "keys.json").create("two")


def test_other_machines_are_let_in_with_keys_only(tmp_path):
    open_to_all = {"host": "0.0.0.0", "path": tmp_path, "keys_file": tmp_path / "keys.json"}
    with pytest.raises(InvalidInput, match="xling keys create"):
        create_app(load_settings(**open_to_all), model=HashingEncoder())
    create_app(load_settings(**open_to_all, allow_anonymous=True), model=HashingEncoder())
    (tmp_path / "admin").write_text("a-key-of-at-least-20-characters\n")
    create_app(load_settings(**open_to_all, admin_key_file=tmp_path / "admin"), model=HashingEncoder())
    (tmp_path / "admin").write_text("short")
    with pytest.raises(InvalidInput, match="20"):
        create_app(load_settings(**open_to_all, admin_key_file=tmp_path / "admin"), model=HashingEncoder())
    KeyFile(tmp_path / "keys.json").create("reader")
    create_app(load_settings(**open_to_all), model=HashingEncoder())


def test_an_admin_key_of_a_file_may_do_everything(tmp_path):
    (tmp_path / "admin").write_text("a-key-of-at-least-20-characters\n")
    with running(tmp_path, model=HashingEncoder(), admin_key_file=tmp_path / "admin") as url:
        assert httpx.put(f"{url}/v1/collections/a").status_code == 401
        headers = {"Authorization": "bearer a-key-of-at-least-20-characters"}
        assert httpx.put(f"{url}/v1/collections/a", headers=headers).status_code == 201
        assert "xling_requests_total" in httpx.get(f"{url}/metrics", headers=headers).text


def test_without_keys_pages_of_other_sites_do_not_get_in(tmp_path):
    with running(tmp_path, model=HashingEncoder()) as url, httpx.Client(base_url=url) as client:
        rebound = client.get("/v1/collections", headers={"Host": "evil.example"})
        assert error_of(rebound)["code"] == "wrong_host"
        foreign = client.put("/v1/collections/x", headers={"Origin": "https://evil.example"})
        assert error_of(foreign)["code"] == "forbidden"
        assert client.put("/v1/collections/x", headers={"Origin": url}).status_code == 201
        simple = client.post(
            "/v1/collections/x/documents", content=b'{"documents":["x"]}', headers={"Content-Type": "text/plain"}
        )
        assert error_of(simple)["code"] == "unsupported_type"
        assert "access-control-allow-origin" not in client.get("/v1/collections").headers
        preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
        assert client.options("/v1/collections/x", headers=preflight).status_code == 403
        assert client.get("/v1/collections/x").json()["documents"] == 0
    with running(tmp_path, model=HashingEncoder(), cors_origins=["https://good.example"]) as url:
        good = httpx.get(f"{url}/v1/collections", headers={"Origin": "https://good.example"})
        assert good.headers["access-control-allow-origin"] == "https://good.example"
        bad = httpx.get(f"{url}/v1/collections", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in bad.headers


def test_wrong_settings_are_refused_with_all_reasons(tmp_path, monkeypatch):
    monkeypatch.setenv("XLING_SERVE_PORT", "70000")
    monkeypatch.setenv("XLING_SERVE_MAX_LIMIT", "many")
    monkeypatch.setenv("XLING_SERVE_PROT", "1")
    monkeypatch.setenv("XLING_SERVE_API_KEY", "sekrit-key-0123456789")
    file = tmp_path / "serve.toml"
    file.write_text('log_format = "xml"\nspeed = 3\ncollections = ["../up"]\n')
    with pytest.raises(InvalidInput) as caught:
        load_settings(file, cors_origins=["https://a.example/path"])
    for reason in ("port", "max_limit", "XLING_SERVE_PROT", "log_format", "speed", "../up", "cors_origins"):
        assert reason in str(caught.value)
    assert "sekrit" not in str(caught.value)
    for name in ("PORT", "MAX_LIMIT", "PROT"):
        monkeypatch.delenv(f"XLING_SERVE_{name}")
    with pytest.raises(InvalidInput, match=r"api_key.*admin_key_file"):
        load_settings(admin_key_file=tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_settings(tmp_path / "nowhere.toml")
    file.write_text("port = [")
    with pytest.raises(InvalidInput, match="TOML"):
        load_settings(file)


def test_settings_come_from_arguments_then_environment_then_file(tmp_path, monkeypatch):
    file = tmp_path / "serve.toml"
    file.write_text('port = 1\nmax_limit = 20\nmax_depth = 10\ncollections = ["a", "b"]\n')
    monkeypatch.setenv("XLING_SERVE_CONFIG", str(file))
    monkeypatch.setenv("XLING_SERVE_MAX_LIMIT", "30")
    monkeypatch.setenv("XLING_SERVE_CORS_ORIGINS", "https://a.example, http://b.example:8080")
    settings = load_settings(port=3)
    assert (settings.port, settings.max_limit, settings.max_depth) == (3, 30, 10)
    assert settings.collections == ("a", "b")
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    for host, alone in (("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("host", False)):
        assert load_settings(host=host).loopback is alone


def test_every_setting_is_documented():
    def shown(value):
        return "" if value in (None, (), "") else str(value).lower() if isinstance(value, bool) else f"{value}"

    rows = []
    for name, field in Settings.model_fields.items():
        value = "`keys.json` in the data directory" if field.default_factory else shown(field.default)
        rows.append(f"| `{name}` | {value} | {field.description} |")
    told = (Path(xling.__file__).parent.parent / "docs" / "service.md").read_text("utf-8")
    assert "\n".join(rows) in told, "the table of settings is to be:\n" + "\n".join(rows)


def test_a_model_that_cannot_be_had_is_told_at_the_start(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        create_app(load_settings(path=tmp_path, model="./nowhere/model"))


def test_only_the_collections_named_are_served(tmp_path):
    with running(tmp_path, model=HashingEncoder(), collections=["a"]) as url:
        assert httpx.put(f"{url}/v1/collections/a").status_code == 201
        assert httpx.put(f"{url}/v1/collections/b").status_code == 404
        assert [one["name"] for one in httpx.get(f"{url}/v1/collections").json()["collections"]] == ["a"]


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def test_a_stream_makes_the_collection_equal_to_its_source(served):
    client, base = served
    client.put(base)
    ndjson = {"Content-Type": "application/x-ndjson"}

    def sync(rows, **options):
        answer = client.post(f"{base}/sync", params={"source": "feed", **options}, content=lines(rows), headers=ndjson)
        assert answer.status_code == 200, answer.text
        return answer.json()

    rows = [{"id": n, "text": f"Message number {n}", "metadata": {"n": n}} for n in range(6)]
    assert sync(rows)["added"] == 6
    client.post(f"{base}/documents", json={"documents": ["of another source"]})
    changed = [*rows[:4], {"id": 4, "text": "Changed"}, " "]
    dry = sync(changed, dry_run=True)
    assert (dry["unchanged"], dry["updated"], dry["deleted"]) == (4, 1, 1)
    assert client.get(base).json()["documents"] == 7
    report = sync(changed)
    assert (report["unchanged"], report["updated"], report["deleted"], len(report["skipped"])) == (4, 1, 1, 1)
    assert client.get(base).json()["documents"] == 6

    followed = {**ndjson, "Accept": "application/x-ndjson"}
    answer = client.post(f"{base}/sync?source=feed", content=lines(rows), headers=followed)
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [set(event) for event in events[:-1]] == [{"progress"}] * (len(events) - 1)
    assert len(events) > 1
    assert events[-1]["report"]["added"] == 1
    nothing = client.post(f"{base}/sync?source=feed", content=b"", headers=followed)
    assert json.loads(nothing.text.splitlines()[-1])["error"]["code"] == "invalid_request"
    assert client.get(base).json()["documents"] == 7
    assert sync([], allow_empty=True)["deleted"] == 6


def test_files_are_added_as_they_are(tmp_path, encoder):
    docx = pytest.importorskip("docx")
    guide = docx.Document()
    guide.add_heading("Storms", 1)
    guide.add_paragraph("Leave the ridge when clouds grow tall.")
    guide.save(tmp_path / "guide.docx")
    sent = {
        "notes.txt": "船は正午に出ます。\nThe ferry leaves at noon.".encode(),
        "page.html": b"<title>Fares</title><script>x()</script><p>One way costs four euros.</p>",
        "rows.csv": b"id,text,price\n7,Una carta,3\n8,Ein Brief,4\n",
        "rows.jsonl": lines([{"id": "j", "text": "Merci"}, "Danke", {"id": "k", "text": " "}]),
        "guide.docx": (tmp_path / "guide.docx").read_bytes(),
    }
    with running(tmp_path / "c", model=encoder) as url, httpx.Client(base_url=f"{url}/v1/collections/f") as client:
        httpx.put(f"{url}/v1/collections/f")

        def send(name, **options):
            answer = client.post("/files", params={"name": name, **options}, content=sent[name], timeout=60)
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert [send(name)["added"] for name in sent] == [1, 1, 2, 2, 1]
        assert send("rows.jsonl")["skipped"][0]["index"] == 2
        assert send("guide.docx")["unchanged"] == 1
        assert "正午" in client.get("/documents/notes.txt").json()["text"]
        page = client.get("/documents/page.html").json()
        assert (page["metadata"]["title"], page["source"]) == ("Fares", "page.html")
        assert "x()" not in page["text"]
        assert client.get("/documents/7").json()["metadata"]["price"] in ("3", 3)
        assert client.get("/documents/guide.docx").json()["text"].startswith("# Storms")
        sent["notes.txt"] = b"Another text"
        assert send("notes.txt")["updated"] == 1
        assert send("notes.txt", lines=True, source="lines")["added"] == 1
        assert not list(Path(tempfile.gettempdir()).glob("xling-*/sent*"))


def test_a_memory_is_looked_up(place, encoder, tmp_path):
    pytest.importorskip("rapidfuzz")
    from xling.translate import open_memory

    arguments = place("memory")
    with open_memory(**arguments, model=encoder) as memory:
        memory.add(
            [("Thank you for 3 tickets.", "切符を3枚ありがとう。"), ("Good morning", "おはよう")],
            source="en",
            target="ja",
        )
    with running(tmp_path, model=encoder, client=arguments.get("client")) as url:
        address = f"{url}/v1/memories/{arguments['name']}/lookup"

        def look(**asked):
            answer = httpx.post(address, json=asked, timeout=60)
            assert answer.status_code == 200, answer.text
            return answer.json()["matches"]

        exact = look(text="Good morning", target="ja", source="en")[0]
        assert (exact["target"], exact["kind"], exact["percent"]) == ("おはよう", "exact", 100)
        fuzzy = look(text="Thank you for 4 tickets.", target="ja", source="en")[0]
        assert (fuzzy["kind"], fuzzy["flags"], fuzzy["memory"]) == ("fuzzy", ["numbers"], arguments["name"])
        assert look(text="Good morning", target="ja", exact=True)[0]["kind"] == "exact"
        assert look(text="Good morning", target="de") == []
        assert httpx.post(address, json={"text": " ", "target": "ja"}).status_code == 422


def test_keys_from_the_shell(tmp_path, capsys, monkeypatch):
    pytest.importorskip("typer")
    from xling.cli import main

    file = str(tmp_path / "keys.json")

    def run(*args):
        code = main(["keys", *args, "--keys", file])
        return code, capsys.readouterr()

    code, told = run("create", "reader", "--collections", "a,b", "--days", "3", "--json")
    made = json.loads(told.out)
    assert (code, made["role"], made["collections"]) == (0, "read", ["a", "b"])
    assert KeyFile(tmp_path / "keys.json").find(made["key"]).name == "reader"
    code, told = run("create", "team", "--role", "write")
    assert KeyFile(tmp_path / "keys.json").find(told.out.strip()).allows("write", "anything")
    _, told = run("list")
    assert made["key"] not in told.out
    assert [line.split("\t")[1] for line in told.out.splitlines()] == ["read", "write"]
    assert run("revoke", made["id"])[0] == 0
    assert run("revoke", made["id"])[0] == 2
    assert KeyFile(tmp_path / "keys.json").find(made["key"]) is None
    assert run("create", " ")[0] == 2
    monkeypatch.setenv("XLING_SERVE_HOST", "0.0.0.0")
    assert main(["serve", "--path", str(tmp_path), "--keys", str(tmp_path / "none.json"), "--port", "1"]) == 2
    assert "xling keys create" in capsys.readouterr().err
