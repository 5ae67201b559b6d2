"""From a plain description to plain parameters: Flax modules are made and taken apart only here."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.exact.pixels import IndependentPixels
from diffinfo.nn.autoencoder import Codes, Encoder, GaussianDecoder
from diffinfo.nn.embed import LabelEmbedding, VectorCondition
from diffinfo.nn.mlp import MLP
from diffinfo.nn.unet import Classifier, UNet
from diffinfo.process import denoise
from diffinfo.process.forward import coefficients

_SLOPE = 0.15  # of the standard deviation of all pixels


@dataclass(frozen=True)
class DataSummary:
    """What a network must know of its data: shapes, and the statistics that scale its inputs.

    shape: that of one example of x. mean, std: of all entries of x in the training data. classes:
    the number of labels, or None for real conditions, which then have `y_mean` and `y_std`, both
    `(D_Y,)`. canonical: whether x and y are canonical variates (`data/canonical.py`). elliptical:
    whether these also swell and shrink as a whole. pixels: whether x are 8-bit images, which live
    on a lattice (`exact/pixels.py`).
    """

    shape: tuple[int, ...]
    mean: float
    std: float
    classes: int | None = None
    y_mean: tuple[float, ...] = ()
    y_std: tuple[float, ...] = ()
    canonical: bool = False
    elliptical: bool = False
    pixels: bool = False

    @property
    def channels_seen(self) -> int:
        """The channels of what a network for images sees of z, which is `_Network._seen`."""
        return (3 if self.pixels else 1) * self.shape[2]

    def null_condition(self, n: int) -> jax.Array:
        """A placeholder for absent conditions, shape `(n,)` for labels or `(n, D_Y)`."""
        return (
            jnp.zeros(n, jnp.int32)
            if self.classes
            else jnp.zeros((n, len(self.y_mean)), jnp.float32)
        )


def build_module(network: Mapping[str, Any], data: DataSummary, rngs: nnx.Rngs) -> nnx.Module:
    """The Flax module of one field, or of a classifier, from a config's `network` section."""

    def condition(features: int) -> tuple[nnx.Module, int]:
        if data.classes:
            return LabelEmbedding(data.classes, features, rngs=rngs), features
        return VectorCondition(data.y_mean, data.y_std, rngs=rngs), len(data.y_mean)

    if "mlp" in network:
        width, depth = network["mlp"]["width"], network["mlp"]["depth"]
        directions = 3 if data.elliptical else 0
        return MLP(
            int(np.prod(data.shape)),
            *condition(width // 2),
            width,
            depth,
            directions=directions,
            rngs=rngs,
        )
    if "classifier" in network:
        return Classifier(data.channels_seen, data.classes, **network["classifier"], rngs=rngs)
    unet = network["unet"]
    condition_of = condition(unet["embedding"])
    return UNet(data.shape, data.channels_seen, *condition_of, **unet, rngs=rngs)


def _given(gaussian, y, present) -> tuple[jax.Array, jax.Array]:
    """Mean and standard deviation `(N, D_X)` of x given y, for Gaussian canonical variates.

    Where y is not present they are zero and one.
    """
    rho, on = gaussian["rho"], present[:, None]
    y = jnp.pad(y, ((0, 0), (0, max(0, len(rho) - y.shape[1]))))[:, : len(rho)]
    return jnp.where(on, rho * y, 0.0), jnp.where(on, gaussian["narrow"], 1.0)


class _Network:
    """Modules of one kind as pure functions of plain parameter dictionaries, `{name: parameters}`.

    Raises DataError when the network cannot take data of this shape.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]  # the parts of its loss

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        self.network, self.data = dict(network), data
        kind = next(
            name for name in ("mlp", "unet", "classifier", "autoencoder") if name in network
        )
        self.has_convolutions = kind != "mlp"
        if self.has_convolutions and len(data.shape) != 3:
            raise DataError(
                f"network.{kind} needs images (H, W, C), but one example has shape "
                f"{data.shape}: use network.mlp"
            )
        abstract = {
            name: nnx.eval_shape(lambda name=name: self._module(name, nnx.Rngs(0)))
            for name in self.names
        }
        self._graphs = {name: nnx.graphdef(module) for name, module in abstract.items()}
        self._shapes = jax.tree.map(
            lambda leaf: leaf.shape,
            {name: nnx.to_pure_dict(nnx.state(module)) for name, module in abstract.items()},
        )
        self._fresh = jax.jit(
            lambda name, key: nnx.to_pure_dict(nnx.state(self._module(name, nnx.Rngs(key)))),
            static_argnums=0,
        )

    def _module(self, name: str, rngs: nnx.Rngs) -> nnx.Module:
        """The module of that name."""
        return build_module(self.network, self.data, rngs)

    @property
    def description(self) -> dict[str, Any]:
        """A JSON-like description, from which `from_description` makes the same model."""
        return {"network": self.network, "data": asdict(self.data)}

    def init(self, seed: int) -> dict[str, Any]:
        """Fresh parameters, `{name: parameters}`."""
        keys = jax.random.split(jax.random.key(seed), len(self.names))
        return {name: self._fresh(name, key) for name, key in zip(self.names, keys, strict=True)}

    def misfit(self, params: Mapping[str, Any]) -> str:
        """The first trained parameter that is missing or has another shape than the network's, in
        words; empty if they fit.
        """
        have = dict(jax.tree_util.tree_leaves_with_path(params))
        need = jax.tree_util.tree_leaves_with_path(self._shapes, lambda v: isinstance(v, tuple))
        for at, shape in need:
            found = np.shape(have[at]) if at in have else "none"
            if found != shape:
                where = jax.tree_util.keystr(at, simple=True, separator=".")
                return f"parameter {where}: shape {found}, where the network has {shape}"
        return ""

    def constants(self, dataset: Dataset) -> dict[str, Any]:
        """What belongs to the parameters but is taken from the data, and not trained.

        `pixels`: the histograms of 8-bit images. `gaussian`: that of canonical variates, by the
        correlations between coordinate i of x and of y; further coordinates have none.
        """
        if self.data.pixels:
            return {"pixels": vars(IndependentPixels.of(dataset.x_train))}
        if not self.data.canonical:
            return {}
        known = dataset.card["correlations"]
        rho = np.pad(np.asarray(known, np.float64), (0, self.data.shape[0] - len(known)))
        # This is in float64, since correlations may be within 1e-8 of one.
        narrow = np.sqrt((1 - rho) * (1 + rho))
        gaussian = {
            "rho": jnp.asarray(rho, jnp.float32),
            "narrow": jnp.asarray(narrow, jnp.float32),
        }
        return {"gaussian": gaussian}

    def _seen(self, params, z, lam):
        """What a network for images sees, of unit scale, and the moments that it refines.

        It sees z and, of 8-bit images, what single pixels make of it: their mean given z, which
        with their standard deviation is what it refines; of other images, these moments are None.
        It also sees the noise that this mean leaves: at high log-SNR z and the mean differ by so
        little that a network cannot tell the noise from them, and takes some of it away twice.
        """
        mean, std = self.data.mean, self.data.std
        standard = denoise.network_input(z, lam, mean, std)
        if not self.data.pixels:
            return standard, None
        moments = IndependentPixels(**params["pixels"]).moments(z, lam)
        a, b = coefficients(lam, z)
        noise = (z - a * moments[0]) / b
        return jnp.concatenate([standard, (moments[0] - mean) / std, noise], axis=-1), moments

    def _apply(self, params, name: str, z, *inputs, dtype=None, **along):
        """The outputs of the module `name` as float32; inside it computes in `dtype` if given."""
        params = params[name]
        if dtype is not None:
            params, z = jax.tree.map(lambda array: array.astype(dtype), (params, z))
        outputs = nnx.merge(self._graphs[name], params)(z, *inputs, **along)
        return jax.tree.map(lambda output: output.astype(jnp.float32), outputs)

    def _v_of(self, output, z, lam, mean, std) -> jax.Array:
        """The v-prediction that an output stands for, where there are no independent pixels."""
        return denoise.precondition(output, z, lam, mean, std)

    def _images_at(self, params, z, lam) -> Callable[..., jax.Array]:
        """The v-predictions `(N, H, W, C)` for images z: a function of the module's name and of its
        other inputs. What z alone tells is computed once.
        """
        seen, moments = self._seen(params, z, lam)

        def field(name: str, *inputs, dtype=None) -> jax.Array:
            output = self._apply(params, name, seen, lam, *inputs, dtype=dtype)
            if moments is None:
                return self._v_of(output, z, lam, self.data.mean, self.data.std)
            mean, std = moments
            # What neighbours tell of a pixel shifts its mean by the variance times the slope of
            # their log-likelihood (Tweedie), and no slope is much steeper than one over _SLOPE of
            # the scale of all pixels: where the value is nearly known, less and less is left to the
            # network.
            gain = std**2 / jnp.hypot(std, _SLOPE * self.data.std)
            return denoise.v_of(mean + gain * output, z, lam)

        return field


@partial(jax.tree_util.register_dataclass, data_fields=["params"], meta_fields=["model"])
@dataclass(frozen=True)
class NetworkDenoiser:
    """The fields of a `Model` with these parameters, as `process/denoise.py` has it."""

    model: "Model"
    params: Any

    def at(self, z, lam) -> Callable[..., jax.Array]:
        """As `process/denoise.py` has it."""
        return self.model.at(self.params, z, lam)

    def __call__(self, z, lam, y=None) -> jax.Array:
        return self.at(z, lam)(y)


class Model(_Network):
    """The unconditional and the conditional field of one experiment.

    `network` is the config's section: `fields` ("one" network with a null token, or "two" of them),
    `prediction` ("v": outputs refine an exact field; "e": they are the entropy-matching field) and
    `mlp` or `unet`. Parameters are `{"shared": ...}` or
    `{"unconditional": ..., "conditional": ...}`. For canonical variates there is also "gaussian",
    the Gaussian whose exact field an untrained network has; training leaves it alone.
    """

    parts = ("unconditional", "conditional")

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        self.names = ("shared",) if network["fields"] == "one" else ("unconditional", "conditional")
        self._predicts_e = network.get("prediction") == "e"
        if self._predicts_e:
            data = replace(data, pixels=False, canonical=False)
        super().__init__(network, data)

    def _v_of(self, output, z, lam, mean, std) -> jax.Array:
        if self._predicts_e:
            return denoise.v_of_e(output, lam)
        return super()._v_of(output, z, lam, mean, std)

    def at(self, params, z, lam, key=None, dtype=None) -> Callable[..., jax.Array]:
        """The v-predictions `(N, ...)` at these z and lam: a function of the condition y, or None,
        and of where it is present, `(N,)`, by default everywhere.

        key and dtype: for training, a key for dropout and what the network computes in.
        """
        of_images = self._images_at(params, z, lam) if self.has_convolutions else None

        def field(y=None, present=None) -> jax.Array:
            name = self.names[0] if y is None else self.names[-1]
            present = jnp.full(z.shape[0], y is not None) if present is None else present
            y = self.data.null_condition(z.shape[0]) if y is None else y
            if of_images is not None:
                return of_images(name, y, present, key, dtype=dtype)
            mean, std, along = self.data.mean, self.data.std, {}
            if self.data.canonical:
                mean, std = _given(params["gaussian"], y, present)
                along = {"along": (z, mean)} if self.data.elliptical else {}
            flat = denoise.network_input(z, lam, mean, std).reshape(z.shape[0], -1)
            output = self._apply(params, name, flat, lam, y, present, key, dtype=dtype, **along)
            return self._v_of(output.reshape(z.shape), z, lam, mean, std)

        return field

    def v_hat(self, params, z, lam, y=None, key=None, dtype=None) -> jax.Array:
        """A denoiser as in `process/denoise.py`, with its parameters as the first argument; key and
        dtype as for `at`.
        """
        return self.at(params, z, lam, key, dtype)(y)

    def denoiser(self, params) -> denoise.Denoiser:
        """The fields as a denoiser, a pytree that carries its parameters."""
        return NetworkDenoiser(self, params)


class NoisyClassifier(_Network):
    """The labels of noised images.

    `network` is `{"classifier": {...}}`, and parameters are `{"classifier": ...}`. Raises DataError
    when the conditions are not labels.
    """

    names, parts = ("classifier",), ("cross_entropy",)

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        if not data.classes:
            raise DataError("network.classifier needs labels, and y is numbers")
        super().__init__(network, data)

    def log_posterior(self, params, z, lam, key=None, dtype=None) -> jax.Array:
        """log q(y | z, lam) for every label, `(N, classes)`."""
        seen, _ = self._seen(params, z, lam)
        return jax.nn.log_softmax(self._apply(params, "classifier", seen, lam, key, dtype=dtype))

    def posterior(self, params):
        """`log_posterior` as a pytree that carries its parameters."""
        return jax.tree_util.Partial(self.log_posterior, params)


class Autoencoder(_Network):
    """An encoder, or two that share the noise levels between them (Eq. 70), and a decoder.

    `network` is `{"autoencoder": {...}}`. With `tau_log_snr`, the log-SNR at the time tau, the
    decoder sees `perceptual` codes above it and `semantic` ones below; without, it sees `semantic`
    codes everywhere. A decoder is a diffusion model, whose condition the codes are, or a Gaussian.
    Parameters have one entry per encoder, "decoder", and "tau_log_snr" where there is one, which
    training leaves alone. Raises DataError when a Gaussian decoder is given `tau_log_snr`.
    """

    def __init__(self, network: Mapping[str, Any], data: DataSummary):
        settings = network["autoencoder"]
        self.is_diffusion, self.tau_log_snr = "unet" in settings, settings.get("tau_log_snr")
        self.latents = ("semantic",) if self.tau_log_snr is None else ("semantic", "perceptual")
        self.names = (*self.latents, "decoder")
        self.parts = ("reconstruction", *(f"kl_{name}" for name in self.latents))
        if self.tau_log_snr is not None and not self.is_diffusion:
            raise DataError(
                "network.autoencoder.tau: a Gaussian decoder has no noise levels to split; give "
                "`unet`, or 0"
            )
        super().__init__(network, data)

    def _module(self, name: str, rngs: nnx.Rngs) -> nnx.Module:
        settings, shape = self.network["autoencoder"], self.data.shape
        if name != "decoder":
            return Encoder(shape, settings[name], settings["latent"], rngs=rngs)
        codes = len(self.latents) * settings["latent"]
        if self.is_diffusion:
            seen = self.data.channels_seen
            return UNet(shape, seen, Codes(), codes, **settings["unet"], rngs=rngs)
        return GaussianDecoder(shape, settings["semantic"], codes, rngs=rngs)

    def constants(self, dataset: Dataset) -> dict[str, Any]:
        """As `_Network.constants`, and `tau_log_snr`, which as a parameter needs no program of its
        own.
        """
        constants = super().constants(dataset)
        if self.tau_log_snr is not None:
            constants["tau_log_snr"] = jnp.float32(self.tau_log_snr)
        return constants

    def encode(self, params, x) -> dict[str, tuple[jax.Array, jax.Array]]:
        """Mean and log-variance of every latent, `(N, D_Z)` each, given images x.

        x: `(N, H, W, C)` on the process's scale.
        """
        standard = (x - self.data.mean) / self.data.std
        return {name: self._apply(params, name, standard) for name in self.latents}

    def encoded(self, params, x, block: int = 1024) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """`encode` for any number of images, `block` at a time."""
        encode = jax.jit(self.encode)
        parts = [encode(params, x[start : start + block]) for start in range(0, len(x), block)]
        return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)

    def v_hat(self, params, z, lam, codes=None, key=None, dtype=None) -> jax.Array:
        """A denoiser whose condition is the codes of all latents side by side.

        codes: `(N, latents x D_Z)`. Without them they are zero, the mean of their prior, which does
        not make the field unconditional.
        """
        if codes is None:
            codes = jnp.zeros((len(z), len(self.latents) * self.network["autoencoder"]["latent"]))
        if self.tau_log_snr is not None:
            semantic, perceptual = jnp.split(codes, 2, axis=-1)
            late = (lam > params["tau_log_snr"])[:, None]
            codes = jnp.concatenate(
                [jnp.where(late, 0.0, semantic), jnp.where(late, perceptual, 0.0)], axis=-1
            )
        present = jnp.ones(len(z), bool)
        return self._images_at(params, z, lam)("decoder", codes, present, key, dtype=dtype)

    def gaussian(self, params, codes) -> tuple[jax.Array, jax.Array]:
        """The means `(N, H, W, C)` of p(x | z) and its one log-deviation, of a Gaussian decoder."""
        mean, log_deviation = self._apply(params, "decoder", codes)
        return self.data.mean + self.data.std * mean, log_deviation + jnp.log(self.data.std)

    def denoiser(self, params) -> denoise.Denoiser:
        """The diffusion decoder as a pytree that carries its parameters."""
        return jax.tree_util.Partial(self.v_hat, params)


_KINDS = {"classifier": NoisyClassifier, "autoencoder": Autoencoder}
Trainable = Model | NoisyClassifier | Autoencoder


def network_of(network: Mapping[str, Any], data: DataSummary) -> Trainable:
    """What a config's `network` section describes."""
    return next((kind for name, kind in _KINDS.items() if name in network), Model)(network, data)


def from_description(description: Mapping[str, Any]) -> Trainable:
    """The model whose `description` this is."""
    data = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in description["data"].items()
    }
    return network_of(description["network"], DataSummary(**data))
