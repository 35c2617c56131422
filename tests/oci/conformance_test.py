"""The official conformance suite of the OCI distribution specification, with every optional API that this server has."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest


@pytest.mark.parametrize("repositories", [("default/conformance", "default/other/repo2"), ("default/a/b/c", "default/model/weights")])
def test_the_conformance_suite_passes(server, conformance_program, tmp_path, repositories):
    results = tmp_path / "results"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OCI_REGISTRY": f"127.0.0.1:{server.port}", "OCI_TLS": "disabled",
                   "OCI_VERSION": "1.1", "OCI_REPO1": repositories[0], "OCI_REPO2": repositories[1], "OCI_RESULTS_DIR": str(results)}
    for api in ("BLOBS_UPLOAD_CANCEL", "BLOBS_DIGEST_HEADER", "MANIFESTS_DIGEST_HEADER", "MANIFESTS_TAG_PARAM"):
        environment[f"OCI_API_{api}"] = "true"
    run = subprocess.run([conformance_program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    suite = ElementTree.parse(results / "junit.xml").getroot().find("testsuite")
    assert int(suite.get("failures")) == 0 and int(suite.get("errors")) == 0, run.stdout[-8000:]
    assert int(suite.get("tests")) > 900
    # Every API and every kind of data that the suite knows; only incomplete ("sparse") manifests are refused, which it allows.
    verdicts = re.findall(r"^  ([A-Z][A-Za-z0-9 -]*): (\w+)$", (results / "results.yaml").read_text(), re.M)
    assert len(verdicts) > 45 and [verdict for verdict in verdicts if verdict[1] != "Pass"] == [("Sparse Manifests", "Disabled")], verdicts
