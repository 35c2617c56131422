"""The Helm chart: what it renders is valid for several versions of Kubernetes, hardened, and refused where servers would not share."""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml
from go_tool import TOOLS, go_tool

from regesta_server import ROOT

CHART = ROOT / "packaging" / "helm" / "regesta"
HELM, KUBECONFORM = "v3.19.5", "v0.7.0"
VERSIONS = ["1.30.0", "1.34.0", "1.37.0"]
VALUES = sorted((CHART / "ci").glob("*.yaml"))
SHARED = ["--set", "admin.existingSecret=a", "--set", "database.existingSecret=d", "--set", "blobs.url=s3://b/p", "--set", "ledgerKey.existingSecret=l"]


@pytest.fixture(scope="session")
def helm():
    """Compiling Helm takes longer than all other tests of this folder: it is done by request only (make try-packages)."""
    if not os.environ.get("REGESTA_CHART") and not (TOOLS / f"helm-{HELM}").exists():
        pytest.skip("Helm is not compiled: REGESTA_CHART=1 compiles it")
    program = go_tool("helm.sh/helm/v3/cmd/helm", HELM)

    def run(*words, **more):
        return subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd=ROOT, **more)
    return run


def render(helm, *options):
    done = helm("template", "regesta", CHART, "--kube-version", "1.34.0", *options)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of(documents, kind, name="regesta"):
    return next(one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_lint(helm, values):
    done = helm("lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout + done.stderr


@pytest.fixture(scope="session")
def schemas(tmp_path_factory):
    """Kubernetes' schemas from the package kubernetes-validate, in one folder per version, with references that a program resolves offline."""
    source = pathlib.Path(importlib.util.find_spec("kubernetes_validate").origin).parent / "kubernetes-json-schema"
    target = tmp_path_factory.mktemp("schemas")
    for version in VERSIONS:
        (target / f"v{version}").mkdir()
        for path in (source / f"v{version}-local-strict").glob("*.json"):
            text = re.sub(r'"\$id": "[^"]*",?', "", path.read_text())
            text = text.replace("/api/_definitions.json#", "#" if path.name == "_definitions.json" else "_definitions.json#")
            (target / f"v{version}" / path.name).write_text(re.sub(r",\s*}", "}", text))
    return target


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_objects_are_valid(helm, schemas, values, version):
    rendered = helm("template", "regesta", CHART, "--kube-version", version, "--values", values)
    assert rendered.returncode == 0, rendered.stderr
    place = str(schemas / "{{ .NormalizedKubernetesVersion }}" / "{{ .ResourceKind }}{{ .KindSuffix }}.json")
    done = subprocess.run([go_tool("github.com/yannh/kubeconform/cmd/kubeconform", KUBECONFORM), "-strict", "-summary", "-output", "json",
                           "-kubernetes-version", version, "-schema-location", place], input=rendered.stdout, capture_output=True, text=True)
    summary = json.loads(done.stdout)["summary"]
    assert done.returncode == 0 and summary["skipped"] == 0 and summary["valid"] >= 5, done.stdout


@pytest.mark.parametrize("dropped", ["admin", "database", "blobs", "ledgerKey"])
@pytest.mark.parametrize("many", ["replicas=2", "autoscaling.enabled=true"])
def test_servers_that_would_not_share_are_refused(helm, dropped, many):
    at = next(n for n, word in enumerate(SHARED) if word.startswith(dropped))
    options = SHARED[:at - 1] + SHARED[at + 1:]
    refused = helm("template", "regesta", CHART, "--kube-version", "1.34.0", *options, "--set", many)
    assert refused.returncode != 0 and f"{dropped}." in refused.stderr, refused.stderr
    assert helm("template", "regesta", CHART, "--kube-version", "1.34.0", *SHARED, "--set", many).returncode == 0


@pytest.mark.parametrize("wrong", ["replicas=0", "replcias=2", "blobs.url=/data", "persistence.size=big", "service.port=70000", "image.pullPolicy=Sometimes",
                                   "settings.QUOTA=1", "runner.enabled=true"])
def test_wrong_values_are_refused(helm, wrong):
    refused = helm("template", "regesta", CHART, "--kube-version", "1.34.0", *SHARED, "--set", wrong)
    assert refused.returncode != 0


def test_an_older_kubernetes_is_refused(helm):
    assert "1.30" in helm("template", "regesta", CHART, "--kube-version", "1.29.0", *SHARED).stderr


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_pod_is_hardened(helm, values):
    documents = render(helm, "--values", values)
    pods = [one["spec"]["template"]["spec"] for one in documents if one["kind"] in ("StatefulSet", "Deployment")]
    assert pods
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False and not pod.get("hostNetwork")
        assert pod["securityContext"] | {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}} == pod["securityContext"]
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            assert container["resources"]["limits"]["memory"]
            # A read-only root needs a volume for everything that is written.
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_what_several_servers_get(helm):
    documents = render(helm, "--values", CHART / "ci" / "many.yaml")
    server = of(documents, "StatefulSet")["spec"]["template"]["spec"]
    for container in server["containers"] + server["initContainers"]:
        environment = {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}
        assert environment["REGESTA_DB"] == {"secretKeyRef": {"name": "regesta-database", "key": "url"}}
        assert environment["REGESTA_LEDGER_KEY"] == "/var/lib/regesta-key/ledger.key"
        assert environment["REGESTA_QUOTA_STREAMS"] == "500" and environment["REGESTA_TRUSTED_PROXIES"] == "10.0.0.0/8"
        assert container["envFrom"] == [{"secretRef": {"name": "regesta-bucket"}}]
    assert server["initContainers"][0]["command"] == ["/usr/lib/regesta/prepare"]
    assert of(documents, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert of(documents, "Ingress")["spec"]["tls"]
    assert "labels" in of(documents, "Deployment", "regesta-runner")["spec"]["template"]["metadata"]
    selectors = [of(documents, kind)["spec"]["selector"].get("matchLabels", of(documents, kind)["spec"]["selector"])
                 for kind in ("StatefulSet", "Service", "PodDisruptionBudget")]
    labels = of(documents, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert all(selector.items() <= labels.items() for selector in selectors)
    assert not selectors[0].items() <= of(documents, "Deployment", "regesta-runner")["spec"]["template"]["metadata"]["labels"].items()


def test_the_settings_are_settings_of_the_server(helm):
    """Every REGESTA_ variable that the chart can set is one that `regesta serve` knows."""
    reference = (ROOT / "docs" / "cli.md").read_text()
    options = set(re.findall(r"`--([a-z-]+) [A-Z:]+`", reference))
    for text in (path.read_text() for path in (CHART / "templates").glob("*")):
        for name in re.findall(r"name: REGESTA_([A-Z_]+)[,}\s]", text):
            assert name == "TOKEN" or name.lower().replace("_", "-") in options, name


def test_each_value_has_a_schema_and_a_default():
    values, schema = yaml.safe_load((CHART / "values.yaml").read_text()), json.loads((CHART / "values.schema.json").read_text())

    def compare(have, described, path):
        for name, value in have.items():
            assert name in described, f"{path}{name} is not in values.schema.json"
            if isinstance(value, dict) and described[name].get("properties"):
                compare(value, described[name]["properties"], f"{path}{name}.")
        assert set(described) - set(have) <= {"global"}, path
    compare(values, schema["properties"], "")
    used = set(re.findall(r"\.Values\.(\w+)", "".join(path.read_text() for path in (CHART / "templates").glob("*"))))
    assert used == set(values)


def test_the_values_of_the_page(helm, tmp_path):
    page = (ROOT / "docs" / "operate" / "kubernetes.md").read_text()
    (tmp_path / "values.yaml").write_text(re.search(r"```yaml\n(.*?)```", page, re.S).group(1))
    documents = render(helm, "--values", tmp_path / "values.yaml")
    assert of(documents, "StatefulSet")["spec"]["replicas"] == 3
    command = re.search(r"^timeout 10 (regesta serve .*?) \|\|", page, re.M).group(1).split()
    program = os.environ.get("REGESTA_BINARY") or shutil.which("regesta")
    server = subprocess.Popen([program, *command[1:]], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    server.terminate()
    assert server.wait(60) == 0
    assert (tmp_path / "new-ledger" / "keys" / "ledger.key").read_text().startswith("PRIVATE+KEY+bank.example/regesta+")
