"""`denoiser_from`: one exact mixture, written in every convention and for every backend, is the
native denoiser again.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from diffinfo.errors import DataError
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.process.adaptor import denoiser_from
from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha
from diffinfo.studies.measure import measure

MEANS = np.array([[-1.5, 0.5], [0.5, 1.0], [1.5, -1.0]])
VARIANCES, WEIGHTS, CLASSES = np.array([0.04, 0.3, 0.1]), np.array([0.2, 0.5, 0.3]), [0, 1, 0]
TABLE = ddpm_alphas_cumprod("linear")
TABLE_RANGE = tuple(log_snr_of_alpha(TABLE[[-1, 0]]).tolist())
OPTIONS = {
    "edm": {},
    "eps": {"alphas_cumprod": TABLE},
    "v": {"alphas_cumprod": TABLE},
    "x": {"alphas_cumprod": TABLE},
    "flow": {},
    "flow reversed": {"data_at": 1},
}
DENOISER = MixtureDenoiser.of(MEANS, VARIANCES, WEIGHTS, CLASSES)


def field(z, lam, y=None):
    """The mixture's v once more, in float64 NumPy, `(N, 2)`."""
    z, lam = np.asarray(z, float), np.asarray(lam, float)[:, None, None]
    a, b = np.sqrt(1 / (1 + np.exp(-lam))), np.sqrt(1 / (1 + np.exp(lam)))
    residual, variances = z[:, None] - a * MEANS, VARIANCES[:, None]
    total = a**2 * variances + b**2
    logits = np.log(WEIGHTS) - 0.5 * np.sum(residual**2 / total + np.log(total), axis=-1)
    if y is not None:
        logits = np.where(np.equal(CLASSES, np.asarray(y)[:, None]), logits, -np.inf)
    posterior = np.exp(logits - logits.max(1, keepdims=True))
    posterior /= posterior.sum(1, keepdims=True)
    v = a * b * (1 - variances) / total * residual - b * MEANS
    return np.sum(posterior[..., None] * v, axis=1)


def model(convention, v_of, xp):
    """What users have: the field `v_of` as a function in a convention, of arrays of `xp`."""
    log_snr = log_snr_of_alpha(TABLE)

    def views(z, lam, y):
        a, b = (xp.sqrt(1 / (1 + xp.exp(s * lam)))[:, None] for s in (-1, 1))
        v = v_of(z, lam, *y)
        return a * z - b * v, b * z + a * v, v

    def edm(x, sigma, *y):
        return views(x / xp.sqrt(1 + sigma[:, None] ** 2), -2 * xp.log(sigma), y)[0]

    def with_table(index):
        def predict(z, t, *y):
            lam = xp.interp(t, xp.arange(len(TABLE)), xp.asarray(log_snr))
            return views(z, lam, y)[index]

        return predict

    def flow(x, t, *y):
        scale = 1 / xp.sqrt((1 - t) ** 2 + t**2)
        x_hat, eps_hat, _ = views(x * scale[:, None], 2 * xp.log((1 - t) / t), y)
        return eps_hat - x_hat

    def reversed_flow(x, t, *y):
        return -flow(x, 1 - t, *y)

    by_index = {"x": with_table(0), "eps": with_table(1), "v": with_table(2)}
    return (by_index | {"edm": edm, "flow": flow, "flow reversed": reversed_flow})[convention]


def adapted(convention, backend):
    if backend == "jax":
        function = model(convention, DENOISER, jnp)
    else:
        double = model(convention, field, np)

        def in_double(*arrays):
            return double(*(a.astype(float) if a.dtype == np.float32 else a for a in arrays))

        def of_tensors(*tensors):
            assert all(t.dtype in (torch.float32, torch.int64) for t in tensors)
            return torch.from_numpy(in_double(*(t.numpy() for t in tensors)))

        function = in_double
        if backend == "torch":
            torch = pytest.importorskip("torch")
            function = of_tensors
    name = convention.split()[0]
    return denoiser_from(function, name, backend=backend, **OPTIONS[convention])


@cache
def data(n=1000):
    rng = np.random.default_rng(0)
    component = rng.choice(3, n, p=WEIGHTS)
    noise = np.sqrt(VARIANCES[component])[:, None] * rng.standard_normal((n, 2))
    return (MEANS[component] + noise).astype(np.float32), np.asarray(CLASSES)[component]


@cache
def native(lam_range):
    return measure(DENOISER, *data(), draws=16, risk_levels=8, lam_range=lam_range)


# At log-SNR 13.8, the last of measure, 1 / b is 1e3, so float32 predictions of the data (edm) know
# v to ROUNDING / b = 6e-5 only; the other conventions know it better. Fields of unit size with such
# errors have amounts, which are integrals over alpha |v|^2 / 2 and products like it, no further
# apart than that. The standard errors here are 0.02 nats.
ROUNDING = 2.0**-24
TOLERANCE = 6e-5


@pytest.mark.parametrize("backend", ["jax", "numpy", "torch"])
@pytest.mark.parametrize("convention", list(OPTIONS))
def test_every_convention_measures_the_same(convention, backend):
    denoiser = adapted(convention, backend)
    has_table = "alphas_cumprod" in OPTIONS[convention]
    assert denoiser.lam_range == (TABLE_RANGE if has_table else None)
    measured = measure(denoiser, *data(), draws=16, risk_levels=8)
    expected = native(TABLE_RANGE if has_table else None)
    assert measured.lam_range == expected.lam_range
    for group, members in expected.estimates.items():
        for name, estimate in members.items():
            own = measured.estimates[group][name]
            # It divides by E|v_c - v_u|^2, which at the cleanest levels is not more than rounding.
            allowed = 0.05 * estimate.standard_error if name == "calibrated" else TOLERANCE
            assert own.value == pytest.approx(estimate.value, abs=allowed), name
            assert own.standard_error == pytest.approx(estimate.standard_error, abs=TOLERANCE)
    profile, exact = (m.profile.select_dtypes("number") for m in (measured, expected))
    np.testing.assert_allclose(profile, exact, atol=TOLERANCE)
    np.testing.assert_allclose(measured.risk, expected.risk, rtol=1e-5)


@pytest.mark.parametrize("convention", list(OPTIONS))
def test_v_is_as_good_as_the_prediction(convention):
    # What rounding the model's output to float32 costs, and nothing on top, at both ends: errors
    # grow as 1 / b in a prediction of the data and as 1 / a in one of the noise.
    low, high = TABLE_RANGE if "alphas_cumprod" in OPTIONS[convention] else (-20.0, 16.0)
    lam = np.linspace(low, high, 200).astype(np.float32)
    a, b = (np.sqrt(1 / (1 + np.exp(s * lam.astype(float))))[:, None] for s in (-1, 1))
    x, _ = data()
    z = (a * x[:200] + b * np.random.default_rng(1).standard_normal((200, 2))).astype(np.float32)
    v = np.asarray(adapted(convention, "numpy")(jnp.asarray(z), jnp.asarray(lam)), float)
    grows = {"edm": 1 / b, "x": 1 / b, "eps": 1 / a}.get(convention, 1.0)
    assert (np.abs(v - field(z, lam)) / grows).max() < 8 * ROUNDING


def test_a_denoiser_is_a_pytree_for_compiled_code():
    z, lam = jnp.asarray(data()[0][:5]), jnp.linspace(-3.0, 3.0, 5)
    for backend in ("jax", "numpy"):
        denoiser = adapted("flow", backend)
        hash(denoiser)
        again = jax.tree.unflatten(*reversed(jax.tree.flatten(denoiser)))
        compiled = jax.jit(lambda denoiser, z: denoiser(z, lam))(again, z)
        np.testing.assert_allclose(compiled, denoiser(z, lam), atol=8 * ROUNDING)
    # A function that is a pytree keeps its parameters as arguments.
    leaves = jax.tree.leaves(
        denoiser_from(jax.tree_util.Partial(lambda w, x, t: w * x, 2.0), "v", alphas_cumprod=TABLE)
    )
    assert 2.0 in [leaf for leaf in leaves if isinstance(leaf, float)]


def test_integer_time_steps_are_the_nearest():
    seen = []

    def predict(x, t):
        seen.append(t)
        return x

    denoiser = denoiser_from(
        predict, "eps", backend="numpy", alphas_cumprod=TABLE, integer_timesteps=True
    )
    steps = np.array([0, 17, 500, 999])
    lam = log_snr_of_alpha(TABLE[steps]) + np.array([9.0, 0.01, -0.004, -9.0])
    denoiser(jnp.zeros((4, 1)), jnp.asarray(lam, jnp.float32))
    assert seen[0].dtype == np.int32
    np.testing.assert_array_equal(seen[0], steps)


def test_a_schedule_with_zero_terminal_snr_ends_before_it():
    table = np.append(TABLE[:-1], 0.0)
    denoiser = denoiser_from(lambda x, t: x, "v", alphas_cumprod=table)
    assert denoiser.lam_range == tuple(log_snr_of_alpha(TABLE[[-2, 0]]))


def test_what_cannot_be_used_is_named():
    with pytest.raises(ValueError, match="convention='ddpm': must be one of edm, eps"):
        denoiser_from(abs, "ddpm")
    with pytest.raises(ValueError, match="backend='tf': must be one of jax"):
        denoiser_from(abs, "edm", backend="tf")
    with pytest.raises(ValueError, match="'eps' needs alphas_cumprod"):
        denoiser_from(abs, "eps")
    with pytest.raises(ValueError, match="'flow' has no time steps"):
        denoiser_from(abs, "flow", integer_timesteps=True)
    with pytest.raises(ValueError, match="1 for convention 'flow' only"):
        denoiser_from(abs, "edm", data_at=1)
    for table in (TABLE[::-1], TABLE[:1], TABLE[None], TABLE + 1):
        with pytest.raises(DataError, match="alphas_cumprod must be one row of numbers between"):
            denoiser_from(abs, "v", alphas_cumprod=table)


@pytest.mark.parametrize("backend", ["jax", "numpy"])
@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x, t: x[:, :1], DataError, r"returned shape \(4, 1\) for x of shape \(4, 2\)"),
        (lambda x, t: (x, t), DataError, "returned a tuple, not an array"),
        (lambda x, t: x * np.nan, DataError, "gave NaN or infinity at log-SNR -8.05"),
        (lambda x, t: 1 / 0, ZeroDivisionError, "division by zero"),
    ],
)
def test_a_function_that_goes_wrong_is_told_on(backend, function, error, message):
    with pytest.raises(error, match=message):
        measure(denoiser_from(function, "flow", backend=backend), data()[0])
