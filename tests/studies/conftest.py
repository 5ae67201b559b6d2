"""A tiny trained model, an image mixture whose fields and classes are known, and settings."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.data.sources import make_dataset
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.process.forward import coefficients
from diffinfo.studies.training import train_model

PROCESS = complete("process", {})
TRAIN = complete(
    "train",
    {
        "steps": 60,
        "batch": 64,
        "learning_rate": 0.01,
        "warmup": 5,
        "ema": 0.9,
        "kl_weight": 0.01,
    },
)


@pytest.fixture(scope="session")
def digits():
    """Real images of 8x8 pixels."""
    return make_dataset(complete("data", {"digits": {}}))


@pytest.fixture(scope="session")
def autoencoder(digits):
    """A diffusion autoencoder of digits without a split, after a few steps."""
    sizes = {"latent": 2, "semantic": [8], "unet": {"channels": [8], "embedding": 8}}
    network = complete("network", {"autoencoder": sizes | {"tau": 0}})
    settings = {"process": PROCESS, "network": network, "train": TRAIN}
    return train_model(digits, settings, 0)


def _log_posterior(means, variance, z, lam):
    flat = z.reshape(len(z), 1, -1)
    a, b = coefficients(lam, flat)
    tau = (a**2 * variance + b**2)[..., 0]
    return jax.nn.log_softmax(-0.5 * jnp.sum((flat - a * means) ** 2, axis=-1) / tau)


@dataclass(frozen=True)
class ImageMixture:
    """Images `(N, 4, 4, 1)` of three labels; those of a label are N(means[label], 0.05^2 I)."""

    means: np.ndarray
    dataset: Dataset
    denoiser: MixtureDenoiser
    log_posterior: partial


@pytest.fixture(scope="session")
def mixture():
    """Well separated classes, whose exact fields and exact posterior are known."""
    rng = np.random.default_rng(0)
    means = rng.uniform(0.2, 0.8, (3, 16)).astype(np.float32)
    y = np.resize(np.arange(3), 360)
    x = np.clip(means[y] + 0.05 * rng.standard_normal((360, 16)), 0, 1)
    x = np.round(255 * x).astype(np.uint8).reshape(-1, 4, 4, 1)
    dataset = Dataset(x[:240], y[:240], x[240:], y[240:], {"classes": 3})
    denoiser = MixtureDenoiser.of(means, 0.05**2, np.ones(3), np.arange(3))
    log_posterior = jax.tree_util.Partial(_log_posterior, jnp.asarray(means), 0.05**2)
    return ImageMixture(means, dataset, denoiser, log_posterior)


@pytest.fixture(scope="session")
def vectors():
    """Data that are not images."""
    x, y = np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])
    return Dataset(x, y, x, y, {"classes": 2})
