"""What the Docker files must say; where Docker is, tests/server builds and starts them."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
PINNED = "qdrant/qdrant:v1.16.3"
FILES = ["compose.yml", "cluster.yml"]


def read(name):
    return yaml.safe_load((DOCKER / name).read_text("utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_every_service_has_a_volume_of_its_own_and_is_open_to_this_machine_only(name):
    content = read(name)
    services = content["services"].values()
    places = [service["volumes"][0] for service in services]
    assert {place.partition(":")[0] for place in places} == set(content["volumes"])
    assert len(set(places)) == len(places)
    ports = [port for service in services for port in service["ports"]]
    assert len(set(ports)) == len(ports)
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert all(service["restart"] == "unless-stopped" for service in services)


@pytest.mark.parametrize("name", FILES)
def test_every_qdrant_is_pinned_and_looked_after(name):
    servers = [service for service in read(name)["services"].values() if "qdrant" in service["image"]]
    assert servers
    for service in servers:
        assert service["image"] == PINNED
        assert service["healthcheck"]["test"][0] == "CMD-SHELL"
        assert service["volumes"][0].endswith(":/qdrant/storage")


def test_the_nodes_of_the_cluster_want_a_key_and_find_each_other():
    services = read("cluster.yml")["services"]
    assert len(services) == 3
    first, *others = services
    for name, service in services.items():
        command = service["command"]
        assert service["environment"]["QDRANT__SERVICE__API_KEY"].startswith("${QDRANT_API_KEY:?")
        assert service["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
        assert command[command.index("--uri") + 1] == f"http://{name}:6335"
        assert ("--bootstrap" in command) == (name in others)
    for name in others:
        command = services[name]["command"]
        assert command[command.index("--bootstrap") + 1] == f"http://{first}:6335"
        assert services[name]["depends_on"][first]["condition"] == "service_healthy"


def test_the_service_gets_its_keys_as_files_and_can_write_to_its_volume_only():
    content = read("compose.yml")
    service, qdrant = content["services"]["xling"], content["services"]["qdrant"]
    assert set(service["secrets"]) == set(content["secrets"])
    assert "cat /run/secrets/qdrant_key" in qdrant["entrypoint"][-1]
    assert all(set(secret) == {"file"} for secret in content["secrets"].values())  # others need a writable container
    for variable, value in service["environment"].items():
        assert "KEY" not in variable or value.removeprefix("/run/secrets/") in content["secrets"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["xling-data:/data"]
    assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert re.search(r"^docker/secrets/$", (ROOT / ".gitignore").read_text("utf-8"), re.M)


def test_its_settings_are_settings():
    settings = pytest.importorskip("xling.serve.settings", exc_type=ImportError)
    known = {settings.PREFIX + name.upper() for name in settings.Settings.model_fields}
    given = set(read("compose.yml")["services"]["xling"]["environment"])
    given |= set(re.findall(r"\b(XLING_SERVE_\w+)=", (DOCKER / "Dockerfile").read_text("utf-8")))
    assert given - known == set()


class Instruction:
    """One instruction of a Dockerfile, its lines joined."""

    def __init__(self, line):
        self.name, _, self.value = line.partition(" ")


@pytest.fixture(scope="module")
def stages():
    text = "\n".join(
        line for line in (DOCKER / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")
    )
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    found = [[]]
    for line in filter(str.strip, lines):
        if line.startswith("FROM "):
            found.append([])
        found[-1].append(Instruction(line))
    return found[1:]


def test_the_image_follows_the_rules_of_hadolint(stages):
    for stage in stages:
        names = [one.name for one in stage]
        assert stage[0].value.startswith("${PYTHON_IMAGE}")
        assert names.count("CMD") <= 1
        assert names.count("ENTRYPOINT") <= 1
        for one in stage:
            assert one.name in {
                "FROM", "SHELL", "ENV", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
                "HEALTHCHECK", "ENTRYPOINT", "CMD",
            }  # fmt: skip
            if one.name == "RUN":
                assert not re.search(
                    r"\bsudo\b|\bcd /|apt-get (?!update|install -y --no-install-recommends)", one.value
                )
                if "|" in one.value or "<(" in one.value:
                    assert any(o.name == "SHELL" and "pipefail" in o.value for o in stage[: stage.index(one)])
            if one.name == "WORKDIR":
                assert one.value.startswith("/")
            if one.name in {"CMD", "ENTRYPOINT"}:
                assert one.value.startswith("[")
    text = (DOCKER / "Dockerfile").read_text("utf-8")
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+-slim-\w+$", text, re.M)
    assert ":latest" not in text


def test_the_last_stage_runs_as_a_user_without_rights_and_looks_after_itself(stages):
    last = {one.name: one.value for one in stages[-1]}
    assert last["USER"] == "10001:10001"
    assert "/ready" in last["HEALTHCHECK"]
    assert last["VOLUME"] == '["/data"]'
    copied = [one.value for one in stages[-1] if one.name == "COPY"]
    assert copied == ["--from=build /opt/xling /opt/xling", "--from=build /opt/cache /opt/cache"]
    assert not any(one.name == "RUN" and "pip" in one.value for one in stages[-1])


def test_what_is_copied_is_there_and_not_kept_from_the_builder(stages):
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    for one in stages[0]:
        if one.name == "COPY":
            *sources, _ = one.value.split()
            for source in sources:
                assert (ROOT / source).exists()
                assert source in kept


@pytest.fixture(scope="module")
def light():
    pytest.importorskip("tomllib")
    spec = importlib.util.spec_from_file_location("light_requirements", ROOT / "tools" / "light_requirements.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_image_has_what_the_project_needs_but_torch(light):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = light.requirements(["cli"])
    assert set(project["dependencies"]) - set(wanted) == {"sentence-transformers>=5.1"}
    assert set(project["optional-dependencies"]["cli"]) <= set(wanted)
    with pytest.raises(SystemExit, match="no such extra: nonsense"):
        light.requirements(["nonsense"])


def test_the_extras_of_the_image_are_extras(light, stages):
    asked = re.search(
        r"light_requirements\.py ([\w -]+)\)", " ".join(one.value for one in stages[0] if one.name == "RUN")
    )
    light.requirements([extra for extra in asked[1].split() if extra != "serve"])
