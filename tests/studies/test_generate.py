"""What a model generates is a data set, and is judged by what knows the real one."""

import dataclasses

import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.data.dataset import check_pairs
from diffinfo.errors import DataError
from diffinfo.studies.generate import generate, judged

PROCESS = complete("process", {})


def _settings(**options):
    return complete("data", {"generated": {"of": "digits", **options}})["generated"]


@pytest.fixture(scope="module")
def made(mixture):
    settings = _settings(n_train=350, n_test=120)
    return generate(mixture.denoiser, PROCESS, mixture.log_posterior, mixture.dataset, settings)


def test_exact_fields_generate_what_they_know(mixture, made):
    check_pairs(made.x_train, made.y_train, "generated")
    assert made.x_train.shape == (350, 4, 4, 1)
    flat = made.x_train.reshape(350, 1, 16) / 255
    assert (((flat - mixture.means) ** 2).sum(-1).argmin(1) == made.y_train).all()
    within = (flat[:, 0] - mixture.means[made.y_train]).std()
    assert within == pytest.approx(0.05, rel=0.1)
    assert len({image.tobytes() for image in made.x_train}) > 345, "blocks have noise of their own"


def test_an_exact_sampler_is_judged_like_the_data(made):
    said = made.card["judged"]
    # Well separated classes: all of H(Y) is told, and exactly so by the exact posterior.
    frequency = np.bincount(made.y_test) / len(made.y_test)
    assert said["held_out_classifier"]["value"] == pytest.approx(
        -(frequency * np.log(frequency)).sum(), abs=1e-3
    )
    assert said["accuracy"]["value"] == 1
    floor = said["frechet_distance_of_training_images"]
    assert abs(said["frechet_distance"]["value"] - floor["value"]) < 4 * np.hypot(
        said["frechet_distance"]["standard_error"], floor["standard_error"]
    )
    near, real = said["nearest"], said["nearest_of_test_images"]
    assert abs(near["value"] - real["value"]) < 4 * np.hypot(
        near["standard_error"], real["standard_error"]
    )
    assert said["copies"]["value"] < 0.1


def test_copies_and_wrong_labels_are_seen(mixture):
    data = mixture.dataset
    x, y = data.x_train[:60], data.y_train[:60]
    said = judged(x, (y + 1) % 3, data, mixture.log_posterior, 13.0)
    assert said["copies"]["value"] == 1
    assert said["nearest"]["value"] == 0
    assert said["accuracy"]["value"] == 0
    assert said["held_out_classifier"]["value"] < 0


def test_guidance_draws_images_to_where_labels_differ(mixture, made):
    settings = _settings(n_train=250, n_test=60, guidance_weight=3)
    guided = generate(mixture.denoiser, PROCESS, mixture.log_posterior, mixture.dataset, settings)

    directions = mixture.means - mixture.means.mean(0)

    def along(dataset):
        """How far images lie in the direction of their own label."""
        flat = dataset.x_train.reshape(len(dataset.x_train), 16) / 255
        return ((flat - mixture.means.mean(0)) * directions[dataset.y_train]).sum(1).mean()

    assert along(made) == pytest.approx((directions**2).sum(1).mean(), rel=0.05)
    assert along(guided) > 1.02 * along(made)
    assert guided.card["generated"]["guidance_weight"] == 3


def test_only_labelled_images_are_generated(mixture, vectors):
    with pytest.raises(DataError, match="labelled images"):
        generate(mixture.denoiser, PROCESS, mixture.log_posterior, vectors, _settings())


def test_labels_are_drawn_as_those_of_the_data(mixture):
    uneven = dataclasses.replace(mixture.dataset, y_train=np.zeros(240, int))
    settings = _settings(n_train=20, n_test=60)
    made = generate(mixture.denoiser, PROCESS, mixture.log_posterior, uneven, settings)
    assert not made.y_train.any()
