"""What the codes of a small autoencoder are said to hold."""

import json

import jax
import numpy as np
import pytest
from tests.studies.conftest import PROCESS

from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.latents import Latent, latents

SETTINGS = complete(
    "latents",
    {
        "mlp": {"width": 16, "depth": 1},
        "train": {
            "steps": 100,
            "batch": 256,
            "learning_rate": 0.02,
            "warmup": 10,
            "ema": 0.9,
            "null_probability": 0.1,
            "validate_every": 50,
        },
        "draws": 8,
    },
)


@pytest.fixture(scope="module")
def measured(digits, autoencoder):
    lines = []
    result = latents(
        autoencoder.model, autoencoder.params, digits, SETTINGS, PROCESS, 0, lines.append
    )
    return result, lines


def test_numbers_and_arrays_of_every_latent(measured, digits):
    result, lines = measured
    latent, arrays = result.latents["semantic"], result.arrays()
    assert set(arrays) == {
        *(f"semantic_{split}{kind}" for split in ("train", "test") for kind in ("", "_mean")),
        *("y_train", "y_test"),
    }
    assert arrays["semantic_train"].shape == (len(digits.x_train), 2)
    np.testing.assert_allclose(latent.scale, arrays["semantic_train"].std(0))
    assert lines[-1].startswith("semantic: KL")
    plain = json.loads(json.dumps(result.as_dict()))
    assert plain["latents"]["semantic"]["kl"] == vars(latent.kl)
    assert (plain["tau"], plain["examples"], plain["draws"]) == (0, len(digits.x_test), 8)
    assert (plain["lam_min"], plain["lam_max"]) == schedule_of(PROCESS)[1]
    bound = latent.mutual_information["classification_bound"]
    # No latent tells more of the labels than its KL, nor than the labels' entropy.
    assert 0 < bound.value < min(latent.kl.value, result.label_entropy)
    assert latent.mutual_information["plain_classifier"].value > 0.1
    assert 0.15 < latent.neighbour_accuracy.value < 1, "one in ten is right by chance"
    z = latent.codes["test"][:5] / latent.scale
    v_hat = latent.field.denoiser(latent.params)(z, np.zeros(5, np.float32), digits.y_test[:5])
    assert v_hat.shape == (5, 2)
    assert np.isfinite(v_hat).all()


def test_the_process_given_is_the_process_used(measured, digits, autoencoder):
    result, _ = measured
    process = complete("process", {"s_min": 0.01})
    other = latents(autoencoder.model, autoencoder.params, digits, SETTINGS, process, 0)
    assert other.lam_range == schedule_of(process)[1]
    assert other.lam_range[1] < result.lam_range[1] - 1
    one, changed = result.latents["semantic"], other.latents["semantic"]
    np.testing.assert_array_equal(one.codes["test"], changed.codes["test"])
    # The decoder's loss, the code model's training and its terms all look at other levels.
    assert one.use.value != changed.use.value
    assert any(
        (a != b).any()
        for a, b in zip(*map(jax.tree.leaves, (one.params, changed.params)), strict=True)
    )
    for name in ("squared_difference", "classification_bound"):
        assert one.mutual_information[name].value != changed.mutual_information[name].value


@pytest.mark.parametrize(
    ("kl", "use", "collapsed"),
    [
        ((0.05, 0.01), (5.0, 0.1), True),
        ((3.0, 0.1), (0.1, 0.1), True),
        ((3.0, 0.1), (1, 0.1), False),
    ],
)
def test_codes_that_hold_nothing_or_go_unused_have_collapsed(measured, kl, use, collapsed):
    latent = measured[0].latents["semantic"]
    estimate = type(latent.kl)
    changed = Latent(**vars(latent) | {"kl": estimate(*kl, 450), "use": estimate(*use, 450)})
    assert changed.collapsed is collapsed


def test_labels_are_needed(digits, autoencoder):
    rng = np.random.default_rng(0)
    y_train, y_test = (
        rng.standard_normal((len(x), 1)).astype(np.float32) for x in (digits.x_train, digits.x_test)
    )
    unlabelled = type(digits)(digits.x_train, y_train, digits.x_test, y_test, {})
    with pytest.raises(DataError, match="needs labels"):
        latents(autoencoder.model, autoencoder.params, unlabelled, SETTINGS, PROCESS, 0)
