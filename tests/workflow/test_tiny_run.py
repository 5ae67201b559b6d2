"""One tiny run of every stage and every figure, made as the workflow makes it but in this process.

A stage or figure that no test touches fails here, as does an example of a help text that no longer
works.
"""

import json
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from tests.studies.test_mi import QUICK

import diffinfo.cli
from diffinfo.cli import main
from diffinfo.config import read_settings
from diffinfo.errors import ConfigError
from diffinfo.figures.registry import FIGURES, TABLES
from diffinfo.files import read_arrays, read_json, write_table
from diffinfo.plan import Plan
from diffinfo.runs import FILES, Run
from diffinfo.stages.contract import OTHER_STAGES, RUN_STAGES, STAGES
from diffinfo.studies import cross_fit

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
FEW = {"steps": 3, "batch": 16}
SMALL_SECTIONS = {
    "estimate": {"draws": 4, "max_examples": 40},
    "sample": {"steps": 2, "per_class": 2},
    "maps": {"images": 2, "draws": 2},
    "few_steps": {
        "candidates": 20,
        "examples": 20,
        "evaluations": [3],
        "per_class": 2,
        "seeds": 2,
        "saturation": [0, 0.01],
        "smoothness": [0],
        "power": [1],
        "rho": [7],
    },
}
# Theory at its own size takes minutes; the tables' numbers are tested where the theory is.
SMALL = {
    "theory.toys": {
        "samples": 400,
        "curve": 100,
        "nfe": (5,),
        "samplers": ("DDIM", "SDE-2M"),
        "block": 50,
    },
    "theory.path_costs": {"paths": 500, "counts": (4, 16), "levels": 48},
    "theory.entropy_against_dimension": {
        "draws": 500,
        "paths": 100,
        "codewords": (2, 4),
        "dimensions": (2, 32),
        "sizes": (2, 4),
        "bits": (1, 2),
        "amplitudes": (2, 4),
        "points": 401,
        "lattice_dimensions": (2, 32),
    },
    "theory.levels_against_dimension": {
        "samples": 500,
        "dimensions": (32, 128),
        "planted": (64, 256),
        "codebooks": (64, 256),
        "shares": (64,),
    },
    "separability.worlds": {"examples": 100, "levels": 3},
    "perturbed.perturbed": {"examples": 40, "energies": (0.0, 1.0), "draws": 8},
}


def _shrink(section, value):
    """A section of an experiment, as small as it gets."""
    if section == "train":
        value |= FEW | ({"validate_every": 2, "patience": 1} if value.get("validate_every") else {})
    elif section == "network":
        for network in (value, value.get("autoencoder", {})):
            if "unet" in network:
                network["unet"] |= {"channels": [8], "embedding": 8}
            if "mlp" in network:
                network["mlp"] |= {"width": 8, "depth": 1}
    elif section == "classifier":
        value["network"] |= {"channels": [8], "embedding": 8}
        _shrink("train", value["train"])
    elif section == "latents":
        value |= {"draws": 8, "mlp": {"width": 8, "depth": 1}}
        _shrink("train", value["train"])
    elif section in SMALL_SECTIONS:
        value |= SMALL_SECTIONS[section]
    return value


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    """The smoke config, smaller still."""
    whole = yaml.safe_load(SMOKE.read_text())
    whole["results"] = str(tmp_path_factory.mktemp("tiny") / "results")
    whole["experiments"]["split"]["seeds"] = [0]
    # With the price of `split` a decoder of the other sweep is the same program.
    whole["experiments"]["split-price"]["vary"] = {"train.kl_weight": [0.001]}
    del whole["experiments"]["split-steps"], whole["experiments"]["noisy-labels"]
    whole["figures"] |= {"price": ["split-price"], "fig20": ["digits"]}
    for experiment in whole["experiments"].values():
        for section, value in experiment.items():
            if isinstance(value, dict):
                _shrink(section, value)
        if "generated" in experiment["data"]:
            experiment["data"]["generated"] |= {"n_train": 60, "n_test": 40, "steps": 2}
        if "random_fields" in experiment["data"]:
            experiment["data"]["random_fields"] |= {"n_train": 60, "n_test": 40}
        if "gaussian" in experiment["data"]:
            experiment["data"]["gaussian"] |= {"n_train": 200, "n_test": 60}
    return whole


@pytest.fixture(scope="session")
def plan(config):
    return Plan(config)


@pytest.fixture(scope="session")
def results(plan):
    """The folder of results after all stages of all runs, all tables and all figures."""
    for stage, run in plan.jobs():
        assert main(plan.command(stage, run)) == 0, (stage.name, run)
    for name, table in plan.tables.items():
        if table in SMALL:
            module, function = table.split(".")
            made = getattr(import_module(f"diffinfo.tables.{module}"), function)(**SMALL[table])
            write_table(plan.results / "tables" / f"{name}.csv", made)
        else:
            assert main(plan.table_command(name)) == 0, name
    for name in plan.config["figures"]:
        out = str(plan.results / "figures" / f"{name}.pdf")
        assert main(["figure", name, "--inputs", *plan.figure_inputs(name), "--out", out]) == 0
    return plan.results


def test_every_stage_of_a_run_is_part_of_it(plan, results):
    ran = {stage.name for stage, _ in plan.jobs()}
    assert ran == {stage.name for stage in RUN_STAGES}
    for stage, run in plan.jobs():
        for name in stage.writes:
            assert plan.path(name, run).stat().st_size > 0, (stage.name, name)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn(plan, results, name):
    assert name in plan.config["figures"], "add it to config/smoke.yaml"
    with Image.open(results / "figures" / f"{name}.png") as image:
        pixels = np.asarray(image.convert("L"))
    assert min(pixels.shape) > 200
    assert (pixels < 128).mean() > 0.002, "next to nothing is drawn"
    assert len(plan.caption(name).split()) > 15


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_made(plan, results, name):
    made = [table for table, function in plan.tables.items() if function == name]
    assert made, "no figure of config/smoke.yaml shows it"
    table = pd.read_csv(results / "tables" / f"{made[0]}.csv")
    assert len(table) > 0
    assert len(plan.caption(made[0], table=True).split()) > 5
    if TABLES[name].readable:
        assert "|---|" in (results / "tables" / f"{made[0]}.md").read_text()


def test_cases_of_a_sweep_are_told_apart_by_columns_not_names(plan, results):
    table = pd.read_csv(results / "tables" / "estimates.csv")
    rows = table[table["sweep"] == "flattening"]
    key = "data.gaussian.flat.lambda_delta"
    assert set(rows[key]) == {0.1, 0.001}
    for experiment, each in rows.groupby("experiment"):
        assert (each[key] == plan.experiments[experiment]["case"]["varied"][key]).all()
    assert table.loc[table["experiment"] == "digits", ["sweep", key]].isna().all(axis=None)


def test_codes_are_measured_with_the_process_of_their_experiment(plan, results):
    run = next(run for run in plan.all_runs if run.experiment == "vae")
    own = read_json(run.file("latents"))
    s_min = plan.experiments["vae"]["process"]["s_min"]
    assert s_min != 1e-5, "the tiny run gives this experiment a process of its own"
    alpha = np.exp(-(0.1 * s_min + 0.5 * 15.9 * s_min**2))
    assert own["lam_max"] == pytest.approx(np.log(alpha / (1 - alpha)), rel=1e-6)


def test_borrowed_schedules_are_compared_under_their_owners_name(plan, results):
    table = pd.read_csv(results / "tables" / "fig27.csv")
    lent = table[table["schedule"] == "LAS of digits"]
    assert set(lent["experiment"]) == {"guided-2"}
    assert set(lent["quantity"]) == {"frechet_distance", "accuracy", "path_cost"}


def test_the_bound_on_label_information_holds(plan, results):
    run = next(run for run in plan.all_runs if run.experiment == "digits")
    measured = read_json(run.file("estimate"))
    bound = measured["estimates"]["mutual_information"]["classification_bound"]["value"]
    assert bound <= measured["label_entropy"] <= np.log(10) + 1e-12


def test_samples_are_pixels_of_every_class_at_every_weight(plan, results):
    run = next(run for run in plan.all_runs if run.experiment == "digits")
    samples = read_arrays(run.file("samples"))
    assert samples["conditional"].shape == (len(samples["guidance"]), 20, 8, 8, 1)
    assert samples["conditional"].dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(samples["y"]), 2)


def test_figures_have_no_time_stamps_and_the_manifest_sees_a_change(plan, results, tmp_path):
    figure = str(tmp_path / "fig16.svg")
    draw = ["figure", "fig16", "--inputs", *plan.figure_inputs("fig16"), "--out", figure]
    assert main(draw) == 0
    first = Path(figure).read_bytes()
    assert main(draw) == 0
    assert Path(figure).read_bytes() == first
    manifest = str(tmp_path / "manifest.json")
    assert main(["manifest", "--files", figure, "--out", manifest]) == 0
    assert main(["verify", manifest]) == 0
    Path(figure).write_text("other")
    assert main(["verify", manifest]) == 1


def _examples(stage):
    text = stage.module.EXAMPLES.replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def desk(results, plan, tmp_path_factory):
    """A folder with the files that examples name."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(0)
    (folder / "results").symlink_to(results, target_is_directory=True)
    (folder / "config").symlink_to(SMOKE.parent, target_is_directory=True)
    for label in "ab":
        (folder / "photos" / label).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 255, (40, 36, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / label / f"{number}.png")
    x = rng.standard_normal((300, 3))
    y = x[:, :1] + rng.standard_normal((300, 1))
    np.savez(folder / "pairs.npz", x=x, y=y)
    # Standard normal data, whatever the condition.
    model = "def D(x, sigma, y=None):\n    return x / (1 + sigma[:, None] ** 2)\n"
    (folder / "my_model.py").write_text(model)
    np.savez(folder / "held_out.npz", x=x.astype(np.float32), y=np.arange(300) % 2)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    table = pd.DataFrame(x, columns=list("abc")).assign(phenotype=np.where(y[:, 0] > 0, "u", "v"))
    table.to_csv(folder / "genes.csv", index=False)
    return folder


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_examples_of_help_texts_run(stage, desk, monkeypatch, capsys):
    def quick(*arguments, **options):
        settings = read_settings(*arguments, **options)
        return {section: _shrink(section, value) for section, value in settings.items()}

    monkeypatch.chdir(desk)
    monkeypatch.setattr(diffinfo.cli, "read_settings", quick)
    for name, few in QUICK.items():
        monkeypatch.setattr(cross_fit, name, few)
    _make_ready(stage)
    examples = _examples(stage)
    assert examples
    for words in examples:
        expanded = [
            p for w in words for p in (sorted(map(str, Path().glob(w))) if "*" in w else [w])
        ]
        assert main(expanded) == 0, words


def _out(words):
    return words[words.index("--out") + 1]


def _make_ready(stage):
    """Run the examples of earlier stages that make what this stage's examples name."""
    for words in _examples_needed(stage):
        if not Path(_out(words)).exists():
            _make_ready(STAGES[words[0]])
            assert main(words) == 0, words


def _examples_needed(stage):
    """Examples of earlier stages that make the files which this stage's examples name."""
    named = {word for words in _examples(stage) for word in words}
    stages = list(STAGES.values())
    return [
        words
        for before in stages[: stages.index(stage)]
        for words in _examples(before)
        if "--out" in words and named & _made_by(words)
    ]


def _made_by(words):
    stage, out = STAGES[words[0]], _out(words)
    return {str(path) for path in stage.written(out).values()} if stage.writes else {out}


def test_every_stage_has_a_help_text_that_teaches(capsys):
    for stage in STAGES.values():
        with pytest.raises(SystemExit) as stopped:
            main([stage.name, "--help"])
        assert stopped.value.code == 0
        text = capsys.readouterr().out
        assert "examples:" in text
        for section in set(stage.sections) - {"case", "data", "beside"}:
            assert re.search(rf"^  {section}\.[\w.]+ = ", text, re.MULTILINE), (stage.name, section)


def test_every_file_of_a_run_is_made_by_one_stage_and_every_need_is_made():
    written = [name for stage in RUN_STAGES for name in stage.writes]
    assert sorted(set(written)) == sorted(FILES)
    twice = {name for name in written if written.count(name) > 1}
    assert twice == {"data", "card"}, "data are made by one of two stages, by their source"
    for stage in (*RUN_STAGES, *OTHER_STAGES):
        for need in stage.needs.values():
            assert set(need.files) <= set(FILES)


def test_a_run_knows_its_files():
    run = Run("split-0.1", 3, Path("results/runs"))
    assert run.file("model") == Path("results/runs/split-0.1/seed-3/model.msgpack")
    assert Run.at(run.folder) == run
    with pytest.raises(ValueError, match="not a run's folder"):
        Run.at("results/runs/split-0.1")


def test_a_data_set_is_made_once_for_all_that_use_it(plan):
    made = [plan.path("data", run) for stage, run in plan.jobs() if "data" in stage.writes]
    described = {json.dumps(each["data"], sort_keys=True) for each in plan.experiments.values()}
    assert len(made) == len(set(made)) == len(described) < len(plan.experiments)
    used = {run.experiment: plan.path("data", run) for run in plan.all_runs}
    assert used["digits"] == used["dae"] == used["split-0.1"]
    assert used["digits"].parent == plan.results / "data"


def test_generated_data_are_made_after_the_model_that_they_need(plan):
    order = [(stage.name, run.experiment) for stage, run in plan.jobs()]
    trained, made = order.index(("train", "digits")), order.index(("generate", "guided-2"))
    assert trained < made < order.index(("train", "guided-2"))
    assert ("data", "guided-2") not in order


@pytest.mark.parametrize("of", ["nobody", "determinism-1", "guided-0"])
def test_generated_data_need_a_model_with_a_classifier(config, of):
    data = {"generated": config["experiments"]["guided"]["data"]["generated"] | {"of": of}}
    guided = config["experiments"]["guided"] | {"data": data}
    plan = Plan(config | {"experiments": config["experiments"] | {"guided": guided}})
    with pytest.raises(ConfigError, match=f"guided-0.data.generated.of: {of}; needs the name"):
        plan.jobs()


@pytest.mark.parametrize(
    ("name", "steps", "message"),
    [
        ("nobody", 3, "borrow: nobody; needs the name of another experiment with a classifier"),
        ("guided-2", 3, "borrow: guided-2; needs the name of another experiment"),
        ("digits", 7, "borrow: digits has no schedules of 7 steps; add them to its evaluations"),
    ],
)
def test_schedules_are_borrowed_from_an_experiment_that_has_them(config, name, steps, message):
    guided = config["experiments"]["guided"]
    few = guided["few_steps"] | {"borrow": name, "evaluations": [steps]}
    experiments = config["experiments"] | {"guided": guided | {"few_steps": few}}
    with pytest.raises(ConfigError, match=message):
        Plan(config | {"experiments": experiments}).jobs()


def test_a_section_that_the_workflow_forgets_is_an_error_that_names_it(
    plan, results, tmp_path, capsys
):
    stage, run = next((stage, run) for stage, run in plan.jobs() if stage.name == "latents")
    words = plan.command(stage, run)
    place = words.index("--settings") + 1
    assert json.loads(words[place]).keys() == {"latents"}
    words[place] = "{}"
    words[words.index("--out") + 1] = str(tmp_path / "latents.json")
    assert main(words) == 1
    assert "the section latents is missing" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over_by_a_stage_that_fails(plan, results, tmp_path, capsys):
    stage, run = next((stage, run) for stage, run in plan.jobs() if stage.name == "estimate")
    words = plan.command(stage, run)
    copy = tmp_path / "data.npz"
    shutil.copy(plan.path("data", run), copy)
    copy.write_bytes(copy.read_bytes()[:-100])
    words[words.index("--data") + 1] = str(copy)
    words[words.index("--out") + 1] = str(tmp_path / "estimate.json")
    assert main(words) == 1
    assert str(copy) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]
