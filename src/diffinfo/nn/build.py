"""From a plain description to plain parameters: the only place where Flax modules are made and split."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from diffinfo import denoise
from diffinfo.files import DataError
from diffinfo.nn.embed import LabelEmbedding, VectorCondition
from diffinfo.nn.mlp import MLP
from diffinfo.nn.unet import Classifier, UNet


@dataclass(frozen=True)
class DataSummary:
    """What a network must know of its data: shapes and the training statistics that scale its inputs.

    shape: one example of x; mean, std: of all entries of x; classes: number of labels, or None for real conditions,
    which then have `y_mean` and `y_std`, both `(D_Y,)`; canonical: whether x and y are canonical variates
    (`data/canonical.py`); elliptical: whether they also swell and shrink as a whole.
    """

    shape: tuple[int, ...]
    mean: float
    std: float
    classes: int | None = None
    y_mean: tuple[float, ...] = ()
    y_std: tuple[float, ...] = ()
    canonical: bool = False
    elliptical: bool = False

    def null_condition(self, n: int) -> jax.Array:
        """A placeholder for absent conditions, shape `(n,)` for labels or `(n, D_Y)`."""
        return jnp.zeros(n, jnp.int32) if self.classes else jnp.zeros((n, len(self.y_mean)), jnp.float32)


def build_module(network: Mapping[str, Any], data: DataSummary, rngs: nnx.Rngs) -> nnx.Module:
    """The Flax module of one field, or of a classifier, from a config's `network` section."""

    def condition(features: int) -> tuple[nnx.Module, int]:
        if data.classes:
            return LabelEmbedding(data.classes, features, rngs=rngs), features
        return VectorCondition(data.y_mean, data.y_std, rngs=rngs), len(data.y_mean)

    if "mlp" in network:
        width, depth = network["mlp"]["width"], network["mlp"]["depth"]
        directions = 3 if data.elliptical else 0
        return MLP(int(np.prod(data.shape)), *condition(width // 2), width, depth, directions=directions, rngs=rngs)
    if "classifier" in network:
        return Classifier(data.shape, data.classes, **network["classifier"], rngs=rngs)
    unet = network["unet"]
    return UNet(data.shape, *condition(unet["embedding"]), **unet, rngs=rngs)


def _given(gaussian, y, present) -> tuple[jax.Array, jax.Array]:
    """Mean and standard deviation `(N, D_X)` of x given y, where it is present, for Gaussian canonical variates."""
    rho, on = gaussian["rho"], present[:, None]
    y = jnp.pad(y, ((0, 0), (0, max(0, len(rho) - y.shape[1]))))[:, : len(rho)]
    return jnp.where(on, rho * y, 0.0), jnp.where(on, gaussian["narrow"], 1.0)


class _Network:
    """Modules of one kind as pure functions of plain parameter dictionaries, `{name: parameters}`.

    Raises DataError when the network cannot take data of this shape.
    """

    names: tuple[str, ...]

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        self.network, self.data = dict(network), data
        kind = next(name for name in ("mlp", "unet", "classifier") if name in network)
        self.has_convolutions = kind != "mlp"
        if self.has_convolutions and len(data.shape) != 3:
            raise DataError(f"network.{kind} needs images (H, W, C), but one example has shape {data.shape}: use network.mlp")
        abstract = nnx.eval_shape(lambda: build_module(self.network, self.data, nnx.Rngs(0)))
        self._graph = nnx.graphdef(abstract)
        self._init = jax.jit(lambda key: nnx.to_pure_dict(nnx.state(build_module(self.network, self.data, nnx.Rngs(key)))))

    @property
    def description(self) -> dict[str, Any]:
        """JSON-like description from which `from_description` makes the same model."""
        return {"network": self.network, "data": asdict(self.data)}

    def init(self, seed: int, correlations: Sequence[float] = ()) -> dict[str, Any]:
        """Fresh parameters. correlations: of canonical variates, between coordinate i of x and of y; the others have none."""
        keys = jax.random.split(jax.random.key(seed), len(self.names))
        params = {name: self._init(key) for name, key in zip(self.names, keys, strict=True)}
        if self.data.canonical:
            rho = np.pad(np.asarray(correlations, np.float64), (0, self.data.shape[0] - len(correlations)))
            narrow = np.sqrt((1 - rho) * (1 + rho))  # in float64: correlations may be within 1e-8 of one
            params["gaussian"] = {"rho": jnp.asarray(rho, jnp.float32), "narrow": jnp.asarray(narrow, jnp.float32)}
        return params

    def _apply(self, params, z, *inputs, dtype=None, **along) -> jax.Array:
        """The module's output, float32; it computes in `dtype` where that is given."""
        if dtype is not None:
            params, z = jax.tree.map(lambda array: array.astype(dtype), (params, z))
        return nnx.merge(self._graph, params)(z, *inputs, **along).astype(jnp.float32)


class Model(_Network):
    """The fields of one experiment.

    `network` is the config's section: `fields` ("one" network with a null token, or "two" networks) and `mlp` or `unet`.
    Parameters are `{"shared": ...}` or `{"unconditional": ..., "conditional": ...}`, and for canonical variates "gaussian",
    the Gaussian whose exact field an untrained network has, which training leaves alone.
    """

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        self.names = ("shared",) if network["fields"] == "one" else ("unconditional", "conditional")
        super().__init__(network, data)

    def field(self, params, name: str, z, lam, y, present, key=None, dtype=None) -> jax.Array:
        """v-prediction of the network `name`, `(N, ...)`; `present` `(N,)` tells where the condition is given."""
        mean, std, along = self.data.mean, self.data.std, {}
        if self.data.canonical:
            mean, std = _given(jax.lax.stop_gradient(params["gaussian"]), y, present)
            along = {"along": (z, mean)} if self.data.elliptical else {}
        standard = denoise.network_input(z, lam, mean, std)
        flat = standard if self.has_convolutions else standard.reshape(z.shape[0], -1)
        output = self._apply(params[name], flat, lam, y, present, key, dtype=dtype, **along)
        return denoise.precondition(output.reshape(z.shape), z, lam, mean, std)

    def v_hat(self, params, z, lam, y=None, key=None, dtype=None) -> jax.Array:
        """The denoiser contract of `denoise.py`, with parameters (and in training a dropout key and a dtype) as arguments."""
        present = jnp.full(z.shape[0], y is not None)
        name = self.names[0] if y is None else self.names[-1]
        y = self.data.null_condition(z.shape[0]) if y is None else y
        return self.field(params, name, z, lam, y, present, key, dtype)

    def denoiser(self, params) -> denoise.Denoiser:
        """A denoiser: a pytree that carries its parameters."""
        return jax.tree_util.Partial(self.v_hat, params)


class NoisyClassifier(_Network):
    """Labels from noised images: `network` is `{"classifier": {...}}`, parameters are `{"classifier": ...}`."""

    names = ("classifier",)

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        if not data.classes:
            raise DataError("network.classifier needs labels, and y is numbers")
        super().__init__(network, data)

    def log_posterior(self, params, z, lam, key=None, dtype=None) -> jax.Array:
        """log q(y | z, lam) for every label, `(N, classes)`."""
        standard = denoise.network_input(z, lam, self.data.mean, self.data.std)
        return jax.nn.log_softmax(self._apply(params["classifier"], standard, lam, key, dtype=dtype))

    def posterior(self, params):
        """`log_posterior` as a pytree that carries its parameters."""
        return jax.tree_util.Partial(self.log_posterior, params)


def network_of(network: Mapping[str, Any], data: DataSummary) -> Model | NoisyClassifier:
    """What a config's `network` section describes."""
    return NoisyClassifier(network, data) if "classifier" in network else Model(network, data)


def from_description(description: Mapping[str, Any]) -> Model | NoisyClassifier:
    """The model whose `description` this is."""
    data = {key: tuple(value) if isinstance(value, list) else value for key, value in description["data"].items()}
    return network_of(description["network"], DataSummary(**data))
