"""The workflow itself: what it plans, what it repeats, and what it refuses - on a copy of this
checkout.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from diffinfo.config import expand
from diffinfo.stages.contract import RUN_STAGES

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "profiles", "config", "envs", "src")

TINY = {
    "title": "tiny",
    "expected_minutes": 1,
    "results": "results",
    "experiments": {
        "pair": {
            "data": {
                "gaussian": {"dim_x": 3, "dim_y": 2, "sigma_eps": 0.5, "n_train": 200, "n_test": 60}
            },
            "network": {"mlp": {"width": 8, "depth": 1}},
            "train": {"steps": 3, "batch": 16},
            "estimate": {"draws": 4},
        },
        "digits": {
            "data": {"digits": {}},
            "network": {"fields": "one", "unet": {"channels": [8], "embedding": 8}},
            "train": {"steps": 2, "batch": 8},
            "estimate": {"draws": 2, "max_examples": 20},
            "sample": {"steps": 2, "per_class": 1},
        },
    },
    "figures": {
        "fig12": ["pair"],
        "fig16": ["digits"],
        "fig21": ["digits"],
        "samples": ["digits"],
    },
}


def command(*arguments):
    return [sys.executable, "-m", "snakemake", *arguments]


def snakemake(folder, *arguments, check=True):
    """Run Snakemake in `folder` by the interpreter of the tests (nothing activated); stdout and
    stderr together.
    """
    done = subprocess.run(
        command(*arguments), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0 or not check, done.stdout
    return done.stdout


def planned(folder, *arguments):
    """Rules that a dry run would run (without the targets that only collect)."""
    text = snakemake(folder, "--dry-run", *arguments)
    if "Nothing to be done" in text:
        return set()
    table = text.split("Job stats:")[-1].split("total")[0]
    return set(re.findall(r"^(\w+) +\d+$", table, re.MULTILINE)) - {"all", "default"}


def copy_of_checkout(folder):
    for part in PARTS:
        source = ROOT / part
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, folder / part, ignore=ignore) if source.is_dir() else shutil.copy(
            source, folder / part
        )
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A checkout whose `config/config.yaml` is tiny, after one complete run."""
    folder = copy_of_checkout(tmp_path_factory.mktemp("checkout"))
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(TINY))
    output = snakemake(folder)
    assert "3 steps of 16, 1 seed(s)" in output
    assert "About 1 minutes" in output
    return folder


@pytest.fixture
def checkout(tmp_path_factory):
    return copy_of_checkout(tmp_path_factory.mktemp("plain"))


@pytest.fixture
def edited(finished):
    """Edit a file of the finished checkout; it is put back afterwards."""
    undo = []

    def edit(name, change=lambda text: text + "\n# edited\n"):
        path = finished / name
        undo.append((path, path.read_text(), path.stat()))
        path.write_text(change(path.read_text()))

    yield edit
    for path, text, stat in undo:
        path.write_text(text)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("name", ["config", "smoke", "paper", "mnist-cpu", "mnist-codes-cpu"])
def test_dry_run_of_every_config(checkout, name):
    text = snakemake(checkout, "--dry-run", "--configfile", f"config/{name}.yaml")
    config = yaml.safe_load((checkout / "config" / f"{name}.yaml").read_text())
    trainings = sum(
        len(experiment["seeds"]) for experiment in expand(config["experiments"])[0].values()
    )
    assert re.search(rf"^train +{trainings}$", text, re.MULTILINE)
    for figure in config["figures"]:
        assert f"{config['results']}/figures/{figure}.pdf" in text
    if name == "smoke":
        assert "results/runs/" not in text, (
            "a config given by hand must not be merged with the default one"
        )


def test_jobs_ask_for_a_gpu_where_the_profile_has_one(finished):
    forced = ["--dry-run", "--forceall", "results/runs/pair/seed-0/model.msgpack"]
    assert "gpu=1" not in snakemake(finished, *forced)
    with_one = snakemake(finished, *forced, "--profile", "profiles/gpu")
    assert with_one.count("gpu=1") == 1, "the training, not the data"


def test_seeds_add_to_the_default_run(checkout):
    text = snakemake(
        checkout, "--dry-run", "--configfile", "config/config.yaml", "config/seeds.yaml"
    )
    whole, _ = expand(
        yaml.safe_load((checkout / "config" / "config.yaml").read_text())["experiments"]
    )
    assert re.search(rf"^train +{3 * len(whole)}$", text, re.MULTILINE)


SPLIT = {
    "seeds": [0, 1],
    "vary": {"network.autoencoder.tau": [0.1, 0.5]},
    "data": {"digits": {}},
    "network": {"autoencoder": {"unet": {}}},
}


def test_separation_needs_an_experiment_to_compare_with(checkout):
    config = TINY | {
        "experiments": TINY["experiments"] | {"split": SPLIT},
        "figures": {"separation": ["split"]},
    }
    (checkout / "split.yaml").write_text(yaml.safe_dump(config))
    text = snakemake(checkout, "--dry-run", "--configfile", "split.yaml", check=False)
    assert (
        "experiments.split-0.1.beside: missing; needs the name of an experiment with a classifier"
        in text
    )


def test_a_classifier_is_trained_where_a_figure_needs_it(checkout):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    config["experiments"]["digits"]["classifier"] = {}
    config["figures"] = {"fig22": ["digits"], "label_maps": ["digits"]}
    (checkout / "more.yaml").write_text(yaml.safe_dump(config))
    text = snakemake(checkout, "--dry-run", "--configfile", "more.yaml")
    assert re.search(r"^classifier +1$", text, re.MULTILINE)
    assert re.search(r"^train +2$", text, re.MULTILINE)
    assert re.search(r"^maps +1$", text, re.MULTILINE)


def test_everything_is_there_and_a_second_run_does_nothing(finished):
    for name in (
        "figures/fig12.pdf",
        "figures/fig16.png",
        "tables/fig12.csv",
        "tables/estimates.md",
        "tables/replication.md",
        "manifest.json",
    ):
        assert (finished / "results" / name).stat().st_size > 100, name
    assert planned(finished) == set()
    assert "files are as they were" in snakemake(finished, "verify")


def test_editing_a_figure_redraws_that_figure_only(finished, edited):
    edited("src/diffinfo/figures/fig12.py")
    assert planned(finished) == {"fig12", "manifest"}


def test_editing_the_style_redraws_all_figures_only(finished, edited):
    edited("src/diffinfo/figures/style.py")
    assert planned(finished) == {"fig12", "fig16", "fig21", "samples", "manifest"}


def test_editing_the_loss_trains_again(finished, edited):
    edited("src/diffinfo/loss.py")
    rules = planned(finished)
    assert {"train", "estimate", "sample", "fig12", "fig16", "samples"} <= rules
    assert "data" not in rules


def test_editing_an_estimator_trains_nothing(finished, edited):
    edited("src/diffinfo/estimate/mutual_information.py")
    rules = planned(finished)
    assert "estimate" in rules
    assert not rules & {"train", "sample", "samples", "data"}


def test_editing_a_data_file_of_the_package_remakes_the_tables_that_read_it(finished, edited):
    edited("src/diffinfo/tables/published_bits.csv", lambda text: text + "\n")
    assert planned(finished) == {"table", "fig21", "manifest"}


def test_a_changed_default_remakes_what_takes_it_and_nothing_else(finished, edited):
    old = "linear_times: {type: integer, minimum: 0, default: 0"
    edited("src/diffinfo/config.schema.yaml", lambda text: text.replace(old, old[:-1] + "9"))
    rules = planned(finished)
    assert {"estimate", "table", "fig12", "fig16"} <= rules
    # Pictures are drawn again, for the hash of the config that is in their metadata.
    assert not rules & {"data", "train", "sample"}


def test_another_word_in_the_schema_changes_nothing(finished, edited):
    edited(
        "src/diffinfo/config.schema.yaml", lambda text: text.replace("Strata in", "The strata in")
    )
    assert planned(finished) == set()


def test_a_new_entry_in_the_registry_redraws_nothing(finished, edited):
    edited("src/diffinfo/figures/registry.py")
    edited("src/diffinfo/stages/contract.py")
    edited("src/diffinfo/runs.py")
    assert planned(finished) == set()


def test_rules_are_listed_by_the_names_of_their_stages(finished):
    listed = set(re.findall(r"^(\w+)$", snakemake(finished, "--list"), re.MULTILINE))
    assert {stage.name for stage in RUN_STAGES} <= listed
    assert {"table", "replication", "fig12", "fig16", "manifest", "verify", "all"} <= listed
    assert "train" in snakemake(finished, "--rulegraph")


def test_a_date_alone_changes_nothing(finished):
    os.utime(finished / "src" / "diffinfo" / "loss.py")
    assert planned(finished) == set()


def test_changing_one_experiment_leaves_the_others(finished, edited):
    edited("config/config.yaml", lambda text: text.replace("steps: 3", "steps: 4"))
    text = snakemake(finished, "--dry-run")
    assert re.search(r"^train +1$", text, re.MULTILINE)
    assert "experiment=pair" in text
    assert "experiment=digits" not in text


def test_naming_a_rule_or_a_file(finished):
    assert planned(finished, "-R", "fig16") == {"fig16", "manifest"}
    (finished / "results" / "figures" / "fig16.pdf").rename(finished / "aside.pdf")
    try:
        assert planned(finished, "results/figures/fig16.pdf") == {"fig16"}
    finally:
        (finished / "aside.pdf").rename(finished / "results" / "figures" / "fig16.pdf")


def test_the_report_is_written(finished):
    snakemake(finished, "--report", "report.html")
    text = (finished / "report.html").read_text()
    assert len(text) > 100_000
    assert "fig12" in text


def test_a_whole_run_killed_then_the_same_command(checkout):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    config["experiments"]["pair"]["train"]["steps"] = 4000
    (checkout / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    model = checkout / "results" / "runs" / "pair" / "seed-0" / "model.msgpack"
    log = checkout / "results" / "logs" / "train" / "pair-seed-0.log"
    target = str(model.relative_to(checkout))
    with subprocess.Popen(
        command(target), cwd=checkout, start_new_session=True, stderr=subprocess.DEVNULL
    ) as process:
        while not log.exists() and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert not model.exists()
    snakemake(checkout, target)
    first = model.read_bytes()
    model.unlink()
    snakemake(checkout, target)
    assert model.read_bytes() == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(experimentz={}), "'experimentz' was unexpected"),
        (lambda c: c["experiments"]["pair"]["train"].update(stepz=1), r"\['pair'\]\['train'\]"),
        (
            lambda c: c["experiments"]["pair"]["train"].update(steps="few"),
            "'few' is not of type 'integer'",
        ),
        (
            lambda c: c["experiments"]["pair"]["train"].update(batch=0),
            "0 is less than the minimum of 1",
        ),
        (
            lambda c: c["figures"].update(fig12=["nobody"]),
            r"figures\.fig12: nobody is not one of the experiments digits, pair",
        ),
        (
            lambda c: c["figures"].update(label_maps=["digits"]),
            "figures.label_maps: the experiment digits needs a section `classifier`",
        ),
        (
            lambda c: c["experiments"]["pair"].update(data={"folder": {"path": "gone"}}),
            "no files under gone",
        ),
    ],
)
def test_a_bad_config_stops_before_any_job_and_names_the_key(checkout, change, message):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    change(config)
    (checkout / "bad.yaml").write_text(yaml.safe_dump(config))
    output = snakemake(checkout, "--configfile", "bad.yaml", check=False)
    assert re.search(message, output), output
    assert not (checkout / "results").exists()


# As `snakedeploy deploy-workflow` writes it, with the path filled in.
DEPLOYED = """
configfile: "config/config.yaml"

module study:
    snakefile: "{checkout}/workflow/Snakefile"
    config: config

use rule * from study as study_*

rule mine:
    default_target: True
    input: rules.study_all.input
    output: touch("mine")
"""


def test_used_as_a_module_it_runs_the_code_of_its_own_checkout(checkout, tmp_path_factory):
    checkout = checkout.rename(checkout.with_name("a check out"))
    folder = tmp_path_factory.mktemp("importer")
    shutil.copytree(checkout / "config", folder / "config")
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(TINY))
    (folder / "workflow").mkdir()
    (folder / "workflow" / "Snakefile").write_text(DEPLOYED.format(checkout=checkout))
    assert {"study_train", "study_fig12", "study_manifest", "mine"} <= planned(folder)
    data = Path("results") / "data"
    text = snakemake(folder, "--cores", "1", "--until", "study_data")
    assert f"{os.path.relpath(checkout, folder)}/src/diffinfo/data/sources.py" in text
    assert len(list((folder / data).glob("*.npz"))) == 2
    assert not (checkout / "results").exists()


def test_run_from_another_folder_it_writes_there(checkout, tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(TINY))
    mine = str(tmp_path / "mine.yaml")
    snakemake(checkout, "--until", "data", "-d", str(tmp_path), "--configfile", mine)
    assert len(list((tmp_path / "results" / "data").glob("*.npz"))) == 2
    assert not (checkout / "results").exists()


def test_a_key_that_is_given_twice_stops_the_run(checkout):
    (checkout / "twice.yaml").write_text(yaml.safe_dump(TINY) + "results: elsewhere\n")
    output = snakemake(checkout, "--configfile", "twice.yaml", check=False)
    assert re.search(r"twice\.yaml: the key results is in lines \d+ and \d+", output), output
    assert "Traceback" not in output


def test_a_missing_input_file_is_named(checkout):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    config["experiments"]["pair"]["data"] = {"npz": {"path": "mine.npz"}}
    (checkout / "mine.yaml").write_text(yaml.safe_dump(config))
    output = snakemake(checkout, "--configfile", "mine.yaml", check=False)
    assert "MissingInputException" in output
    assert "mine.npz" in output
