"""The recipes for clusters parse, name what exists, and keep Ray closed."""

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from harness import cli
from harness.config.study import read

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "examples" / "cluster"
RECIPES = sorted(FOLDER.iterdir())
YAMLS = [path for path in RECIPES if path.suffix == ".yaml"]
SLURM = FOLDER / "slurm.sbatch"
COMMANDS = get_command(cli.app).commands
CALL = re.compile(r"\bharness (run|status|report)\b([^&|'\n]*)")


def documents(path):
    return list(YAML(typ="safe").load_all(path.read_text("utf-8")))


def calls(path):
    """The verb and the words of every call of the command line."""
    return [(verb, words.split()) for verb, words in CALL.findall(path.read_text("utf-8"))]


def name(path):
    return path.name


def check_syntax(script):
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", RECIPES, ids=name)
def test_a_recipe_runs_on_a_cluster_by_options_that_exist(path):
    found = calls(path)
    assert [words for verb, words in found if verb == "run" and "--on" in words]
    for verb, words in found:
        options = {option for item in COMMANDS[verb].params for option in item.opts}
        assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("path", RECIPES, ids=name)
def test_a_recipe_names_a_study_and_a_profile_that_exist(path):
    study, profile = re.search(r"\b(\w+) --profile (\w+)", path.read_text("utf-8")).groups()
    assert profile in read(study, ROOT / "studies").study.profiles


@pytest.mark.parametrize("path", RECIPES, ids=name)
def test_a_recipe_asks_for_a_secret_and_sends_no_statistics(path):
    text = path.read_text("utf-8")
    assert re.search(r"RAY_AUTH_MODE[=:] ?token|authOptions:\n +mode: token", text)
    assert re.search(r"RAY_USAGE_STATS_ENABLED(=0|: \"0\"|, value: \"0\")", text)
    assert re.search(r"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO(=1|: \"1\"|, value: \"1\")", text)


@pytest.mark.parametrize("path", RECIPES, ids=name)
def test_the_document_names_every_recipe(path):
    assert f"](examples/cluster/{path.name})" in (ROOT / "docs/cluster.md").read_text("utf-8")


def test_slurm_reads_every_option_of_the_batch_file():
    text = SLURM.read_text("utf-8")
    check_syntax(text)
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    options = [i for i, line in enumerate(lines) if line.startswith("#SBATCH ")]
    assert options
    assert max(options) < first, "Slurm ignores options after the first command"


@pytest.mark.parametrize("path", YAMLS, ids=name)
def test_a_file_of_yaml_is_one_mapping_a_document(path):
    assert all(isinstance(document, dict) for document in documents(path))


def test_the_scripts_for_skypilot_are_bash():
    (task,) = documents(FOLDER / "skypilot.yaml")
    for part in ("setup", "run"):
        check_syntax(task[part])


def test_only_the_head_of_kubernetes_mounts_the_record():
    volume, job = documents(FOLDER / "kuberay.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    head = cluster["headGroupSpec"]["template"]["spec"]
    (mounted,) = head["volumes"]
    assert mounted["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
    (container,) = head["containers"]
    (mount,) = container["volumeMounts"]
    assert mount["name"] == mounted["name"]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    for variable in ("HARNESS_RUNS", "HARNESS_REPORTS"):
        assert variables[variable].startswith(f"{mount['mountPath']}/")
    # KubeRay writes it, as it is, into a command of a shell
    assert re.fullmatch(r"harness run [\w ./=-]+", job["spec"]["entrypoint"])
    assert all("volumes" not in group["template"]["spec"] for group in cluster["workerGroupSpecs"])


def test_ray_takes_the_cluster_file():
    pytest.importorskip("jsonschema")
    util = pytest.importorskip("ray.autoscaler._private.util")
    (config,) = documents(FOLDER / "machines.yaml")
    util.validate_config(util.prepare_config(config))
