"""Training gives one answer however it is cut and killed, and stops cleanly when it diverges."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.mutual_information import loss_difference
from diffinfo.estimate.risk import risk_curve
from diffinfo.loss import RISK_BINS
from diffinfo.nn.build import Model
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import Trainer, TrainingDiverged, make_objective, summarize


def _train(dataset, network, seed=0, **options):
    keywords = {
        key: options.pop(key)
        for key in ("chunk", "resume_file", "save_every", "report", "report_every", "seconds")
        if key in options
    }
    settings = complete("train", {"steps": 40, "batch": 32} | options)
    objective = make_objective(settings, complete("process", {}))
    return Trainer(Model(network, summarize(dataset)), objective, settings).train(
        dataset, seed, **keywords
    )


def _assert_same_bits(one, two):
    np.testing.assert_array_equal(one.history, two.history)
    for left, right in zip(jax.tree.leaves(one.params), jax.tree.leaves(two.params), strict=True):
        assert left.tobytes() == right.tobytes()


@pytest.mark.parametrize("fields", ["one", "two"])
def test_chunks_never_change_a_bit(tiny_gaussian, tiny_network, fields):
    network = tiny_network | {"fields": fields}
    reference = _train(tiny_gaussian, network, chunk=40)
    for chunk in (4, 20):
        _assert_same_bits(_train(tiny_gaussian, network, chunk=chunk), reference)


AS_USERS_COMPILE = """
from tests.train.test_loop import _assert_same_bits, _train
from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
pairs = {"dim_x": 3, "dim_y": 2, "sigma_eps": 0.5, "n_train": 300, "n_test": 100}
data = make_dataset(complete("data", {"gaussian": pairs}))
network = complete("network", {"mlp": {"width": 8, "depth": 1}})
reference = _train(data, network, chunk=8, validate_every=8, patience=2)
for chunk in (1, 7, 40):
    _assert_same_bits(_train(data, network, chunk=chunk, validate_every=8, patience=2), reference)
"""


def test_a_single_step_a_time_gives_the_same_bits_as_users_compile_it():
    """Without the flags of the other tests, with which a loop of one turn rounds otherwise."""
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", AS_USERS_COMPILE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_interrupted_training_goes_on_to_the_same_bits(tiny_gaussian, tiny_network, tmp_path):
    reference = _train(tiny_gaussian, tiny_network, chunk=8)
    state = tmp_path / "state.msgpack"

    class Killed(Exception):
        pass

    calls = []

    def die_at_the_third_report(line):
        calls.append(line)
        if len(calls) == 3:
            raise Killed

    with pytest.raises(Killed):
        _train(
            tiny_gaussian,
            tiny_network,
            chunk=8,
            resume_file=state,
            save_every=-1,
            report=die_at_the_third_report,
            report_every=-1,
        )
    lines = []
    resumed = _train(tiny_gaussian, tiny_network, chunk=8, resume_file=state, report=lines.append)
    assert "going on from step 16 of 40" in lines[0]
    _assert_same_bits(resumed, reference)


@pytest.mark.parametrize("unusable", ["damaged", "of another network"])
def test_an_unusable_state_is_started_over(tiny_gaussian, tiny_network, tmp_path, unusable):
    state, lines = tmp_path / "state.msgpack", []
    if unusable == "damaged":
        state.write_bytes(b"\x93half a fi")
    else:
        other = complete("network", {"mlp": {"width": 24, "depth": 1}})
        _train(tiny_gaussian, other, resume_file=state, save_every=-1)
    trained = _train(tiny_gaussian, tiny_network, resume_file=state, report=lines.append)
    assert "starting over" in lines[0]
    _assert_same_bits(trained, _train(tiny_gaussian, tiny_network))


def test_divergence_names_the_step_and_keeps_the_last_good_state(
    tiny_gaussian, tiny_network, tmp_path
):
    # One row overflows float32 when squared. It is first drawn some steps in, and the state before
    # that must survive.
    x = tiny_gaussian.x_train.copy()
    x[17] = 1e30
    broken = Dataset(
        x, tiny_gaussian.y_train, tiny_gaussian.x_test, tiny_gaussian.y_test, tiny_gaussian.card
    )
    state = tmp_path / "state.msgpack"
    with pytest.raises(
        TrainingDiverged, match=r"not finite at step \d+ of 200; the state before it is kept"
    ) as caught:
        _train(broken, tiny_network, chunk=10, batch=2, steps=200, resume_file=state)
    step = int(str(caught.value).split("step ")[1].split()[0])
    assert step > 1
    from diffinfo.checkpoint import load_tree

    saved = load_tree(state)
    assert int(saved["state"]["step"]) == step - 1
    assert np.isfinite(saved["state"]["params"]).all()
    assert np.isfinite(saved["history"][: step - 1, :2]).all()


@pytest.mark.parametrize("chunk", [3, 40])
def test_watching_held_out_rows_never_depends_on_chunks_or_kills(
    tiny_gaussian, tiny_network, tmp_path, chunk
):
    options = {"validate_every": 8, "patience": 2, "learning_rate": 0.02}
    reference = _train(tiny_gaussian, tiny_network, chunk=8, **options)
    seen = np.flatnonzero(np.isfinite(reference.history[:, 2])) + 1
    assert (seen % 8 == 0).all()
    _assert_same_bits(_train(tiny_gaussian, tiny_network, chunk=chunk, **options), reference)

    class Killed(Exception):
        pass

    def killed_late(line):
        if "going on" not in line and "compiled" not in line:
            raise Killed

    state = tmp_path / "state.msgpack"
    with pytest.raises(Killed):
        _train(
            tiny_gaussian,
            tiny_network,
            chunk=chunk,
            resume_file=state,
            save_every=0,
            report=killed_late,
            report_every=0,
            **options,
        )
    assert state.exists()
    _assert_same_bits(
        _train(tiny_gaussian, tiny_network, chunk=chunk, resume_file=state, **options), reference
    )


def test_training_stops_early_and_keeps_the_best(tiny_gaussian, tiny_network):
    network = complete("network", {"mlp": {"width": 64, "depth": 2}})
    lines = []
    options = {
        "validate_every": 20,
        "patience": 3,
        "learning_rate": 0.01,
        "batch": 256,
        "steps": 4000,
    }
    trained = _train(tiny_gaussian, network, report=lines.append, **options)
    held_out = trained.history[:, 2]
    assert len(trained.history) < 4000, "300 rows are soon overfitted"
    assert trained.best_step == np.nanargmin(held_out) + 1
    assert len(trained.history) == trained.best_step + 3 * 20
    assert any("stopped after" in line for line in lines)
    assert not trained.cut_short


def test_time_can_run_out(tiny_gaussian, tiny_network):
    trained = _train(tiny_gaussian, tiny_network, steps=100_000, chunk=10, seconds=0.0)
    assert len(trained.history) == 0
    trained = _train(tiny_gaussian, tiny_network, steps=10_000_000, chunk=10, seconds=3.0)
    assert 0 < trained.best_step < 10_000_000
    assert trained.cut_short
    watched = _train(
        tiny_gaussian, tiny_network, steps=10_000_000, chunk=10, seconds=0.001, validate_every=1000
    )
    assert (watched.best_step, watched.cut_short) == (10, True), (
        "what there is when the time is up is looked at"
    )


def test_seeds_differ_and_repeat(tiny_gaussian, tiny_network):
    _assert_same_bits(
        _train(tiny_gaussian, tiny_network, seed=3), _train(tiny_gaussian, tiny_network, seed=3)
    )
    one, two = (_train(tiny_gaussian, tiny_network, seed=seed).history[:, :2] for seed in (3, 4))
    assert (one != two).any()


@pytest.mark.parametrize("fields", ["one", "two"])
@pytest.mark.parametrize("weighting", ["velocity", "likelihood", "noise"])
def test_every_weighting_learns_information(tiny_gaussian, fields, weighting):
    network = complete("network", {"fields": fields, "mlp": {"width": 32, "depth": 1}})
    trained = _train(tiny_gaussian, network, steps=400, batch=128, weighting=weighting)
    model = Model(network, summarize(tiny_gaussian))
    terms = evaluate_terms(
        model.denoiser(trained.params),
        tiny_gaussian.x_test,
        tiny_gaussian.y_test,
        Strata.stratified(-8, 12, 64),
        jax.random.key(0),
    )
    truth = tiny_gaussian.card["truth"]["mutual_information"]
    assert 0.6 * truth < loss_difference(terms).value < 1.3 * truth


@pytest.mark.parametrize("fields", ["one", "two"])
def test_training_leaves_the_risk_curve_of_its_conditional_field(
    tiny_gaussian, tiny_network, fields
):
    """With next to no learning rate the curve is of one model, and can be estimated again."""
    options = {
        "steps": 400,
        "batch": 256,
        "learning_rate": 1e-12,
        "chunk": 30,
        "density": {"uniform": 1},
    }
    trained = _train(tiny_gaussian, tiny_network | {"fields": fields}, **options)
    sums, rows = trained.risk
    # Rows of the second half of the steps count, and only those with a condition.
    expected_rows = 200 * 256 * (0.5 if fields == "one" else 1)
    assert rows.sum() == pytest.approx(expected_rows, rel=0.02)
    lam_range = VPSchedule().log_snr_range(1e-5)
    edges = np.linspace(*lam_range, RISK_BINS + 1)
    denoiser = Model(tiny_network | {"fields": fields}, summarize(tiny_gaussian)).denoiser(
        trained.params
    )
    x, y = (np.tile(array, (40, 1)) for array in (tiny_gaussian.x_train, tiny_gaussian.y_train))
    again, error = risk_curve(denoiser, x, 0.5 * (edges[1:] + edges[:-1]), jax.random.key(0), y)
    curve = sums / rows
    per_row = error * np.sqrt(len(x))
    # Bins are averages over a third of a nat: their middles are within two percent.
    assert (
        np.abs(curve - again) < 4 * np.hypot(error, per_row / np.sqrt(rows)) + 0.02 * again
    ).all()
