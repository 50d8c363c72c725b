"""deploy/monitoring/: rules and dashboard ask for metrics and labels that there are. promtool checks where it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from flows.local_prefect import ProcessId
from flows.metrics.collectors import BuildCollector, PartsCollector
from flows.stack.state import PartState
from lineage_core.metrics import REGISTRY

if TYPE_CHECKING:
    from prometheus_client import Metric

CHECKOUT = Path(__file__).resolve().parents[2]
MONITORING = CHECKOUT / "deploy" / "monitoring"

_NAMES = re.compile(r"\b(?:lineage|batch|parse)_\w+")
_ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",), "info": ("_info",)}


def metrics() -> list[Metric]:
    """Every metric that is served, the stack's own included."""
    part = PartState(name="worker", process=ProcessId.current())
    own = PartsCollector(lambda: {"worker": part}, lambda: {"worker": 1})
    return [*REGISTRY.collect(), *own.collect(), *BuildCollector(Path("none")).collect()]


def expressions() -> dict[str, str]:
    """Alert or panel -> what it asks Prometheus."""
    rules = YAML(typ="safe").load((MONITORING / "alerts.yml").read_text())
    found = {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for number, target in enumerate(panel["targets"]):
            found[f"{panel['title']} {number}"] = target["expr"]
    return found


@pytest.mark.parametrize(("name", "expression"), list(expressions().items()))
def test_what_is_asked_for_is_served(name: str, expression: str) -> None:
    served = {metric.name + end for metric in metrics() for end in _ENDS[metric.type]}
    asked = set(_NAMES.findall(expression))
    assert asked, name
    assert asked <= served


def test_every_metric_is_on_the_dashboard_or_in_the_documents() -> None:
    documents = (CHECKOUT / "docs" / "metrics.md").read_text()
    for metric in metrics():
        name = metric.name + ("_total" if metric.type == "counter" else "_info" if metric.type == "info" else "")
        assert f"`{name}`" in documents, name


def test_alerts_say_what_happened() -> None:
    rules = YAML(typ="safe").load((MONITORING / "alerts.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"]
            assert rule["labels"]["severity"] in {"warning", "critical"}


def test_panels_lie_beside_each_other() -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_rules_and_configuration() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "check", "config", str(MONITORING / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
