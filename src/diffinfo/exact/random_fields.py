"""Gaussian random fields on a torus whose class shows in their spectrum or their mean: images of
which entropy, total correlation and I(X_lam;Y) are known at every noise level.

The entries of a real stationary field are independent in Hartley's basis,

    h = Re F x - Im F x,   F the unitary Fourier transform,

which is its own inverse; noise is white there, too. So everything but the information itself is a
sum over entries, and the information is a mean over draws of exact likelihoods.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import expit, log_softmax, xlogy

from diffinfo.process.denoise import gaussian_v
from diffinfo.process.forward import coefficients


def hartley(x, xp=np):
    """Hartley's transform of images `(..., H, W)`, orthonormal and its own inverse; xp: NumPy or
    JAX's.
    """
    f = xp.fft.fft2(x, norm="ortho")
    return f.real - f.imag


def frequencies(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The length of every wave vector, in cycles a side, and its direction in [0, pi), both `(H,
    W)` in the order of the transform.
    """
    down, across = (np.fft.fftfreq(side, 1 / side) for side in (height, width))
    return np.hypot(down[:, None], across), np.arctan2(down[:, None], across) % np.pi


def sectors(direction: np.ndarray, count: int) -> np.ndarray:
    """Numbers from 0 of so many equal sectors of all directions, of the shape of `direction`."""
    return (direction * count / np.pi + 0.5).astype(int) % count


def symmetric(power: np.ndarray) -> np.ndarray:
    """The mean of power `(..., H, W)` at every wave vector and its opposite."""
    return 0.5 * (power + np.roll(power[..., ::-1, ::-1], 1, (-2, -1)))


@dataclass(frozen=True)
class RandomFields:
    """Classes of Gaussian random fields.

    power: the variance of every entry in Hartley's basis, `(K, H, W)`, the same for opposite wave
    vectors; means: `(K, H, W)` of pixels; weights: frequencies of the classes `(K,)`, with sum 1.
    """

    power: np.ndarray
    means: np.ndarray
    weights: np.ndarray

    @cached_property
    def label_entropy(self) -> float:
        """H(Y) in nats."""
        return float(-xlogy(self.weights, self.weights).sum())

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n examples: x `(n, H, W)` and their classes y `(n,)`."""
        y = rng.choice(len(self.weights), n, p=self.weights)
        noise = rng.standard_normal((n, *self.power.shape[1:]))
        return self.means[y] + hartley(np.sqrt(self.power[y]) * noise), y

    def _totals(self, lam: float) -> np.ndarray:
        """The variance of every entry of z, `(K, H, W)`."""
        return expit(lam) * self.power + expit(-lam)

    def log_posterior(self, z: np.ndarray, lam: float) -> np.ndarray:
        """log P(y | z), in nats, of images z `(n, H, W)` at log-SNR lam, `(n, K)`."""
        return self._log_posterior(hartley(z), lam)

    def _log_posterior(self, spectrum: np.ndarray, lam: float) -> np.ndarray:
        """The same of images with that transform, `(n, H, W)`."""
        spectrum = spectrum.reshape(len(spectrum), -1)
        total, mean = (
            values.reshape(len(self.weights), -1)
            for values in (self._totals(lam), np.sqrt(expit(lam)) * hartley(self.means))
        )
        squares = spectrum**2 @ (1 / total).T - 2 * spectrum @ (mean / total).T
        constant = (mean**2 / total + np.log(total)).sum(1)
        return log_softmax(np.log(self.weights) - 0.5 * (squares + constant), axis=1)

    def information(self, x: np.ndarray, y: np.ndarray, eps: np.ndarray, lams) -> np.ndarray:
        """H(Y) + log P(y | z) of every example at every log-SNR, `(n, L)` in nats, whose means are
        I(X_lam;Y).

        x, eps: images and noise `(n, H, W)`, the same at all levels; y `(n,)`; lams `(L,)`.
        """
        signal, noise = hartley(x), hartley(eps)
        told = [
            self._log_posterior(np.sqrt(expit(lam)) * signal + np.sqrt(expit(-lam)) * noise, lam)
            for lam in lams
        ]
        chosen = [log_q[np.arange(len(y)), y] for log_q in told]
        return self.label_entropy + np.stack(chosen, axis=1)

    def conditional_entropy_produced(self, lam: float) -> float:
        """KL(p(z|y) || N(0, I)), in nats, averaged over the classes; less I(X_lam;Y) it is that of
        p(z), the neural entropy of an exact field up to that level (Eq. 3).
        """
        total, squares = self._totals(lam), expit(lam) * (self.means**2).sum((1, 2))
        return float(self.weights @ (0.5 * ((total - 1 - np.log(total)).sum((1, 2)) + squares)))

    def total_correlation(self, lam: float, information: float, points: int = 2001) -> float:
        """What pixels of z tell of each other (Eq. 7), in nats, where I(X_lam;Y) is given.

        Entropies of pixels, which are mixtures over classes, are by quadrature.
        """
        mean = np.sqrt(expit(lam)) * self.means.reshape(len(self.weights), -1)
        variance = expit(lam) * self.power.mean((1, 2)) + expit(-lam)
        # Pixels whose means are alike have one entropy.
        mean, counts = np.unique(mean.round(12), axis=1, return_counts=True)
        width = 10 * np.sqrt(variance.max())
        grid = np.linspace(mean.min() - width, mean.max() + width, points)
        density = sum(
            weight * np.exp(-0.5 * (grid - m[:, None]) ** 2 / v) / np.sqrt(2 * np.pi * v)
            for weight, m, v in zip(self.weights, mean, variance, strict=True)
        )
        pixels = counts @ (-xlogy(density, density).sum(1) * (grid[1] - grid[0]))
        given_class = 0.5 * np.log(2 * np.pi * np.e * self._totals(lam)).sum((1, 2))
        return float(pixels - self.weights @ given_class - information)

    def denoiser(self) -> "RandomFieldsDenoiser":
        """The exact field of images `(N, H, W, 1)`, of the labels y `(N,)` or without."""
        return RandomFieldsDenoiser(
            *(
                jnp.asarray(array, jnp.float32)
                for array in (self.power, hartley(self.means), np.log(self.weights))
            )
        )


@partial(
    jax.tree_util.register_dataclass, data_fields=["power", "means", "log_weights"], meta_fields=[]
)
@dataclass
class RandomFieldsDenoiser:
    """Exact field of `RandomFields`, with means in Hartley's basis; see `process/denoise.py`."""

    power: jax.Array
    means: jax.Array
    log_weights: jax.Array

    def __call__(self, z, lam, y=None):
        spectrum = hartley(z[:, None, :, :, 0], jnp)
        a, b = coefficients(lam, spectrum)
        total = a**2 * self.power + b**2
        residual = spectrum - a * self.means
        if y is None:
            squares = jnp.sum(residual**2 / total + jnp.log(total), axis=(2, 3))
            posterior = jax.nn.softmax(self.log_weights - 0.5 * squares, axis=1)
        else:
            posterior = jax.nn.one_hot(y, len(self.log_weights))
        fields = gaussian_v(residual, self.means, self.power, total, a, b)
        return hartley(jnp.einsum("nk,nkhw->nhw", posterior, fields), jnp)[..., None]
