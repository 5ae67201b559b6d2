"""What codes hold, against closed forms, and for codes that nothing uses."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from tests.conftest import assert_agrees

from diffinfo.estimate.codes import classifier_bound, code_divergence, code_use
from diffinfo.estimate.mutual_information import label_entropy
from diffinfo.tables.codes import _crossing


def test_what_a_decoder_ignores_is_of_no_use():
    codes = np.random.default_rng(0).standard_normal((200_000, 4))
    use = code_use(
        lambda codes: 0.5 * codes[:, 2] ** 2 + (codes[:, 2] - codes[:, 3]) ** 2,
        codes,
        ("semantic", "perceptual"),
    )
    assert use["semantic"].value == use["semantic"].standard_error == 0
    target = codes[:, :2].copy()
    # The cost is the squared error of codes; that of another image's is 2 more per entry.
    use = code_use(
        lambda codes: ((codes[:, :2] - target) ** 2).sum(1), codes, ("semantic", "perceptual")
    )
    assert_agrees(use["semantic"], 4.0)
    assert use["perceptual"].value == 0


def test_divergence_is_averaged_over_images():
    kl = code_divergence({"semantic": (np.array([[0.0], [2.0]]), np.zeros((2, 1)))})
    assert kl["semantic"].value == pytest.approx(1.0)
    assert kl["semantic"].n == 2


def test_a_plain_classifier_bounds_the_information():
    rng = np.random.default_rng(4)
    centers = rng.standard_normal((5, 3)) * 1.5
    y = rng.integers(0, 5, 24_000)
    z = centers[y] + rng.standard_normal((len(y), 3))
    log_joint = -0.5 * ((z[:, None] - centers) ** 2).sum(2)
    truth = np.log(5) + np.mean(log_joint[np.arange(len(y)), y] - logsumexp(log_joint, axis=1))
    bound = classifier_bound(z[:12_000], y[:12_000], z[12_000:], y[12_000:], 0)
    assert truth - 0.03 < bound.value < truth + 4 * bound.standard_error
    nothing = classifier_bound(
        rng.standard_normal((4000, 3)), y[:4000], rng.standard_normal((4000, 3)), y[4000:8000], 0
    )
    assert abs(nothing.value) < 0.02
    assert bound.value < label_entropy(y)


def test_where_curves_cross():
    tau = np.array([0.1, 0.3, 0.5])
    frames = [
        pd.DataFrame(
            {"tau": tau, "latent": latent, "quantity": "q", "value": values, "half_width": 0.02}
        )
        for latent, values in (("semantic", [2.0, 1.5, 0.5]), ("perceptual", [0.0, 1.0, 1.5]))
    ]
    crossing = _crossing(pd.concat(frames), "q")
    assert crossing["value"] == pytest.approx(0.3 + 0.2 * 0.5 / 1.5, abs=0.003)
    # Both ends of the interval vary alone: d tau = 0.2 (2/3 d_left + 1/3 d_right) / 1.5.
    error = 0.02 / 1.96 * np.sqrt(2) * 0.2 * np.hypot(2 / 3, 1 / 3) / 1.5
    assert crossing["standard_error"] == pytest.approx(error, rel=0.05)
    assert crossing["half_width"] == pytest.approx(1.96 * error, rel=0.05)
    never = _crossing(pd.concat(frames)[lambda f: f["tau"] < 0.5], "q")
    assert np.isnan(list(never.values())).all()
