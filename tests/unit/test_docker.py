"""The compose files say what they must; where Docker is, tests/server starts them."""

from pathlib import Path

import pytest
import yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"
PINNED = "qdrant/qdrant:v1.16.3"


@pytest.fixture(params=["compose.yml", "cluster.yml"])
def services(request):
    content = yaml.safe_load((DOCKER / request.param).read_text("utf-8"))
    volumes = {volume.partition(":")[0] for service in content["services"].values() for volume in service["volumes"]}
    assert volumes == set(content["volumes"])
    return content["services"]


def test_every_server_is_pinned_has_a_key_and_a_volume_of_its_own_and_is_open_to_this_machine_only(services):
    places = [service["volumes"][0] for service in services.values()]
    assert len(set(places)) == len(places)
    for service in services.values():
        assert service["image"] == PINNED
        assert service["environment"]["QDRANT__SERVICE__API_KEY"].startswith("${QDRANT_API_KEY:?")
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD-SHELL"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert all(place.endswith(":/qdrant/storage") for place in service["volumes"])


def test_the_nodes_of_the_cluster_find_each_other():
    services = yaml.safe_load((DOCKER / "cluster.yml").read_text("utf-8"))["services"]
    assert len(services) == 3
    first, *others = services
    ports = [port for service in services.values() for port in service["ports"]]
    assert len(set(ports)) == 6
    for name, service in services.items():
        command = service["command"]
        assert service["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
        assert command[command.index("--uri") + 1] == f"http://{name}:6335"
        assert ("--bootstrap" in command) == (name in others)
    for name in others:
        command = services[name]["command"]
        assert command[command.index("--bootstrap") + 1] == f"http://{first}:6335"
        assert services[name]["depends_on"][first]["condition"] == "service_healthy"
