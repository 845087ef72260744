"""The dashboard and the alert rules ask for metrics that the service exports, and the docs name all of them."""

import json
import re
from pathlib import Path

import pytest
import yaml

pytest.importorskip("prometheus_client")

from prometheus_client.parser import text_string_to_metric_families

from xling.serve.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "docker" / "monitoring"
ADDED_BY_PROMETHEUS = {"instance", "job"}


@pytest.fixture(scope="module")
def exported():
    """Names of samples with their labels, after something of each kind was noted."""
    metrics = Metrics()
    metrics.on_request("POST", "/v1/collections/{name}/search", 200, 0.01)
    metrics.on_batch(3, [0.001])
    metrics.refused.labels("encoding").inc()
    metrics.documents.labels("added").inc()
    families = text_string_to_metric_families(metrics.text().decode())
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def dashboard():
    return json.loads((MONITORING / "grafana-dashboard.json").read_text("utf-8"))


def rules():
    return yaml.safe_load((MONITORING / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]


def expressions():
    yield from ((panel["title"], target["expr"]) for panel in dashboard()["panels"] for target in panel["targets"])
    yield from ((rule["alert"], rule["expr"]) for rule in rules())


@pytest.mark.parametrize(("title", "expression"), list(expressions()))
def test_what_is_asked_for_is_exported(title, expression, exported):
    names = set(re.findall(r"\b(?:xling|process|python)_\w+", expression))
    assert names or expression.startswith("up{"), title
    assert names - set(exported) == set()
    known = ADDED_BY_PROMETHEUS | {label for name in names for label in exported[name]}
    asked = set(re.findall(r"(\w+)\s*=~?\s*\"", expression))
    for group in re.findall(r"by \(([^)]*)\)", expression):
        asked |= {label.strip() for label in group.split(",")}
    assert asked - known == set()
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


def test_legends_name_labels_that_are_left(exported):
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            kept = re.search(r"by \(([^)]*)\)", target["expr"])
            name = re.search(r"\b(?:xling|process)_\w+", target["expr"])[0]
            there = kept[1].replace(" ", "").split(",") if kept else exported[name] | ADDED_BY_PROMETHEUS
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= set(there), panel["title"]


def test_names_follow_the_conventions_of_prometheus():
    for family in text_string_to_metric_families(Metrics().text().decode()):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert family.documentation
        if family.name.startswith("xling_"):
            assert not re.search(r"_(ms|milliseconds|minutes|kb|mb)(_|$)", family.name)  # base units only


def test_every_metric_is_told_in_the_docs_and_no_other():
    told = set(re.findall(r"^\| `(xling_\w+)` \|", (ROOT / "docs" / "service.md").read_text("utf-8"), re.M))
    of_the_service = {
        family.name + ("_total" if family.type == "counter" else "_info" if family.type == "info" else "")
        for family in Metrics().registry.collect()
        if family.name.startswith("xling_")
    }
    assert told == of_the_service


def test_every_alert_says_what_to_do():
    found = rules()
    assert len({rule["alert"] for rule in found}) == len(found) >= 6
    for rule in found:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert len(rule["annotations"]["description"]) > 40
        assert re.fullmatch(r"\d+[mh]", rule["for"])


def test_panels_do_not_cover_each_other_and_have_ids_of_their_own():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        taken |= cells


def test_prometheus_is_told_where_the_metrics_and_the_rules_are():
    content = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    assert all((MONITORING / name).is_file() for name in content["rule_files"])
    (job,) = content["scrape_configs"]
    assert (job["job_name"], job["metrics_path"], job["authorization"]["type"]) == ("xling", "/metrics", "Bearer")
