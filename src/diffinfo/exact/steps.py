"""What two samplers of Gaussian mixtures cost in a number of steps, and how many steps a tolerated
cost takes, against entropy and against dimension (2605.07969).

The *plain* sampler freezes the whole denoiser in each step. The *structured* one freezes the
components' mean M only and keeps the mixture's own variance exact, so that it costs what a sampler
of the discrete `mu_J` costs at `eta = 1 / (variance + t)`.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import simpson
from scipy.interpolate import PchipInterpolator

from diffinfo.exact.mixture import Mixture, information, mmse
from diffinfo.exact.path_kl import Curve, path_cost


def shifted_grid(shift: float, eta_max: float, steps: int) -> np.ndarray:
    """SNRs `shift ((1 + eta_max / shift)^(k / K) - 1)`, `(steps + 1,)`: from 0 to eta_max,
    geometric once past `shift` (for structured steps, H / R).
    """
    return shift * np.expm1(np.linspace(0, 1, steps + 1) * np.log1p(eta_max / shift))


def theorem_bound(entropy: float, spread: float, eta_max: float, steps: int) -> float:
    """Upper bound in nats on the path KL of K structured steps on their shifted grid:
    `3/2 H (e^(L/K) - 1)` with `L = log(1 + R eta_max / H)`, entropy H in nats and spread R.
    """
    return 1.5 * entropy * float(np.expm1(np.log1p(spread * eta_max / entropy) / steps))


def limit_steps(entropy: float, spread: float, eta_max: float, tolerance: float) -> float:
    """Structured steps on the shifted grid that a path KL of `tolerance` nats takes where they are
    short: `3/4 H L / tolerance` with L as in `theorem_bound`, half of the steps that are enough.

    A step of length d eta costs `1/4 (d eta)^2 |mmse'|` to leading order, and so all K of them
    `L / (4 K) int (eta + H / R) |mmse'| d eta`, which is `L / (4 K) (2 H + H)` by parts for any
    mixture whose entropy is all seen at `eta_max`, whether or not its parts are independent.
    """
    return 0.75 * entropy * float(np.log1p(spread * eta_max / entropy)) / tolerance


def fewest_steps(cost: Callable[[int], float], target: float) -> int:
    """The smallest K with `cost(K) <= target`, for a cost that falls with K."""
    high = 1
    while cost(high) > target:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cost(middle) <= target else (middle, high)
    return high


def codebook(
    dimension: int, codewords: int, spread_per_bit: float = 16.0, variance: float = 1.0
) -> Mixture:
    """A mixture of equally likely random means, centred, with R = `spread_per_bit` log2
    `codewords`.
    """
    rng = np.random.default_rng(1000 * dimension + int(np.log2(codewords)))
    means = rng.standard_normal((codewords, dimension))
    means -= means.mean(0)
    means *= np.sqrt(spread_per_bit * np.log2(codewords) / (means**2).sum(1).mean())
    return Mixture(means, np.full(codewords, 1 / codewords), variance)


def uneven(mixture: Mixture, spread: float, power: float = 1.0) -> Mixture:
    """The same means with weights in proportion to `j^-power`, j = 1, 2, ..., centred and scaled to
    the spread R = `spread`.
    """
    weights = np.arange(1.0, len(mixture.weights) + 1) ** -power
    weights /= weights.sum()
    means = mixture.means - weights @ mixture.means
    scale = np.sqrt(spread / Mixture(means, weights).spread)
    return Mixture(scale * means, weights, mixture.variance)


def component_risk(
    mixture: Mixture, n: int, seed: int = 7, nodes: int = 97, eta_low: float = 1e-4
) -> Curve:
    """The mmse of mu_J at SNR eta in `[0, 1 / variance]`, as a curve: Monte Carlo with n draws at
    every node, and PCHIP in log eta between nodes.

    With posterior weights pi_j it is `1/2 E sum_j pi_j |mu_J - mu_j|^2`, half of what two draws
    from the posterior differ by. Only inner products of the means matter, so `mu_J + noise` is
    drawn in the space that they span.
    """
    triangle = np.linalg.qr(mixture.means.T, mode="r")
    inner = Mixture(triangle.T, mixture.weights, 0.0)
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(inner.weights), n, p=inner.weights)
    noise = rng.standard_normal((n, inner.means.shape[1]))
    apart = ((inner.means[:, None] - inner.means[None]) ** 2).sum(-1)
    etas, values = np.geomspace(eta_low, 1 / mixture.variance, nodes), []
    for eta in etas:
        posterior = inner.posterior(inner.means[labels] + noise / np.sqrt(eta), 1 / eta)
        values.append(0.5 * float((posterior * apart[labels]).sum(1).mean()))
    curve = PchipInterpolator(np.log(etas), values)
    return lambda eta: np.where(
        eta <= eta_low, mixture.spread, curve(np.log(np.maximum(eta, eta_low)))
    )


def information_of(risk: Curve, eta_max: float, eta_low: float = 1e-4) -> float:
    """The information at SNR eta_max, `1/2 int_0^eta_max mmse deta`, in nats.

    Simpson's rule is applied in log eta; below eta_low the risk is its value at 0.
    """
    etas = np.geomspace(eta_low, eta_max, 4001)
    above = simpson(risk(etas) * etas, dx=np.log(etas[1] / etas[0]))
    return 0.5 * float(risk(np.zeros(1))[0] * eta_low + above)


def structured_cost(mixture: Mixture, risk: Curve, eta_max: float) -> Callable[[int], float]:
    """Path KL in nats of K structured steps on the shifted grid, as a function of K; it includes
    the start from one Gaussian.
    """
    gained, shift = information_of(risk, eta_max), mixture.entropy / mixture.spread
    return lambda steps: path_cost(risk, shifted_grid(shift, eta_max, steps), gained)


def bits_cost(amplitudes: Sequence[float]) -> Callable[[int], float]:
    """Path KL in nats of K structured steps for independent bits of means `+-amplitudes` and
    variance 1, as a function of K.

    One bit is one-dimensional, so its mmse is by quadrature; that of another amplitude is the same
    curve in other units.
    """
    amplitudes = np.asarray(amplitudes, float)
    unit = Mixture(np.array([[-1.0], [1.0]]), np.array([0.5, 0.5]))
    snrs = np.geomspace(1e-4, 60.0, 600)
    curve = PchipInterpolator(np.log(snrs), np.log(mmse(unit, snrs)))

    # The mmse is 1 / (1 + snr) to second order near 0, and exp(-snr / 2) and less far out.
    def one(snr: np.ndarray) -> np.ndarray:
        inner = np.exp(curve(np.log(np.clip(snr, snrs[0], snrs[-1]))))
        return np.where(snr < snrs[0], 1 - snr, np.where(snr > snrs[-1], 0.0, inner))

    def risk(eta: np.ndarray) -> np.ndarray:
        return sum(amplitude**2 * one(amplitude**2 * eta) for amplitude in amplitudes)

    entropy, spread = len(amplitudes) * np.log(2), float((amplitudes**2).sum())
    gained = sum(information(unit, min(amplitude**2, 60.0)) for amplitude in amplitudes)
    return lambda steps: path_cost(risk, shifted_grid(entropy / spread, 1.0, steps), gained)


def plain_cost(mixture: Mixture, risk: Curve, delta: float, shift: float) -> Callable[[int], float]:
    """Path KL in nats of K plain steps down to noise of variance `delta`, as a function of K.

    The risk of the denoiser is that of the components, `(t / (variance + t))^2 mmse_J`, plus that
    of the Gaussians themselves, `d variance t / (variance + t)`, which is linear in the dimension d
    and there for a single Gaussian, too. shift: the shift of the grid in SNR.
    """
    d, variance = mixture.means.shape[1], mixture.variance

    def whole(gamma: np.ndarray) -> np.ndarray:
        # This share, t / (variance + t), is 1 at gamma = 0.
        noise = 1 / (1 + variance * gamma)
        return noise**2 * risk(gamma * noise) + d * variance * noise

    # I(x; x_delta) is that of the label plus that of the Gaussian around its mean.
    gained = information_of(risk, 1 / (variance + delta)) + 0.5 * d * np.log1p(variance / delta)
    return lambda steps: path_cost(whole, shifted_grid(shift, 1 / delta, steps), gained)
