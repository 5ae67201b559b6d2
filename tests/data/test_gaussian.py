import numpy as np
from scipy.stats import multivariate_normal

from diffinfo.data.gaussian import determinism


def test_closed_forms_against_determinants_and_samples():
    model = determinism(5, 3, 0.7, 1e-3, seed=1)
    sign, logdet = np.linalg.slogdet(model.cov_y / 0.7**2)
    assert sign == 1
    np.testing.assert_allclose(model.mutual_information(), 0.5 * logdet, rtol=1e-10)  # Eq. (49)
    expected = 0.5 * (np.trace(model.cov_x) - np.linalg.slogdet(model.cov_x)[1] - 5)  # Eq. (50)
    np.testing.assert_allclose(model.total_entropy(), expected, rtol=1e-10)
    x, y = model.sample(200_000, np.random.default_rng(0))
    joint = np.cov(np.hstack([x, y]).T)
    expected = np.block([[model.cov_x, model.cov_xy], [model.cov_xy.T, model.cov_y]])
    np.testing.assert_allclose(joint, expected, atol=0.03 * np.abs(expected).max())


def test_information_at_a_level_is_that_of_the_noised_pair():
    model, lam = determinism(4, 2, 0.5, 1e-2, seed=2), 1.3
    alpha = 1 / (1 + np.exp(-lam))
    noised = alpha * model.cov_x + (1 - alpha) * np.eye(4)
    joint = np.block([[noised, np.sqrt(alpha) * model.cov_xy], [np.sqrt(alpha) * model.cov_xy.T, model.cov_y]])
    logdets = [np.linalg.slogdet(m)[1] for m in (noised, model.cov_y, joint)]
    np.testing.assert_allclose(model.mutual_information(lam), 0.5 * (logdets[0] + logdets[1] - logdets[2]), rtol=1e-9)
    rng = np.random.default_rng(3)
    z = rng.multivariate_normal(np.zeros(4), noised, 100_000)
    ratio = multivariate_normal(np.zeros(4), noised).logpdf(z) - multivariate_normal(np.zeros(4), np.eye(4)).logpdf(z)
    assert abs(ratio.mean() - model.total_entropy(lam)) < 4 * ratio.std() / np.sqrt(len(ratio))


def test_a_sweep_over_noise_keeps_x_and_raises_information():
    models = [determinism(25, 15, sigma, 1e-3, seed=0) for sigma in (1.0, 0.6, 0.25)]
    assert len({float(m.total_entropy()) for m in models}) == 1
    assert (np.diff([m.mutual_information() for m in models]) > 0).all()


def test_information_rises_towards_the_data():
    assert (np.diff(determinism(4, 2, 0.5, 1e-2, seed=2).mutual_information(np.linspace(-9, 14, 60))) > 0).all()
