"""What the codes of an autoencoder hold, on held-out images: their KL, whether the decoder uses
them, and I(Z;Y), in nats.

A diffusion model of each latent's codes, over their standard deviations and given the label, is
trained and measured as one of images is (`estimate/mutual_information.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.codes import (
    classifier_bound,
    code_divergence,
    code_use,
    neighbour_accuracy,
)
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.mutual_information import (
    class_log_posterior,
    label_entropy,
    mutual_information,
)
from diffinfo.estimate.statistics import Estimate
from diffinfo.loss import gaussian_nll
from diffinfo.nn.build import Autoencoder, Model, network_of
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.train.loop import Trainer, make_objective, summarize


@dataclass(frozen=True)
class Latent:
    """One latent's codes, and what they hold.

    means, codes: of the splits "train" and "test", `(N, D_Z)`: the encoder's means, and one draw
    from its posterior for each image; field, params: the diffusion model of codes over `scale`
    `(D_Z,)`; kl: a bound on I(Z;X), and so on I(Z;Y); use: by how much the bound on -log p(x|z)
    grows with the codes of another image; neighbour_accuracy: a fraction; mutual_information: by
    the names of `mutual_information`, and `plain_classifier`.
    """

    means: dict[str, np.ndarray]
    codes: dict[str, np.ndarray]
    field: Model
    params: Any
    scale: np.ndarray
    kl: Estimate
    use: Estimate
    neighbour_accuracy: Estimate
    mutual_information: dict[str, Estimate]

    @property
    def collapsed(self) -> bool:
        """Whether the decoder does without these codes: they hold next to nothing, since `I(Z;Y) <=
        I(Z;X) <= KL`, or it does not use what they hold.
        """
        return bool(self.kl.value < 0.1 or self.use.value < 2 * self.use.standard_error)

    def as_dict(self) -> dict[str, Any]:
        """The numbers, ready for JSON."""
        return {
            "kl": vars(self.kl),
            "use": vars(self.use),
            "collapsed": self.collapsed,
            "neighbour_accuracy": vars(self.neighbour_accuracy),
            "mutual_information": {
                name: vars(estimate) for name, estimate in self.mutual_information.items()
            },
        }


@dataclass(frozen=True)
class Latents:
    """What each latent holds, and how it was measured.

    tau: the time at which the autoencoder splits its codes, 0 without a split; label_entropy: H(Y)
    of the test labels, nats; lam_range: the log-SNRs of the diffusion models of codes.
    """

    latents: dict[str, Latent]
    tau: float
    y_train: np.ndarray
    y_test: np.ndarray
    draws: int
    seed: int
    label_entropy: float
    lam_range: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """The numbers, ready for JSON."""
        return {
            "latents": {name: latent.as_dict() for name, latent in self.latents.items()},
            "tau": self.tau,
            "examples": len(self.y_test),
            "draws": self.draws,
            "split": "held out",
            "seed": self.seed,
            "lam_min": self.lam_range[0],
            "lam_max": self.lam_range[1],
            "label_entropy": self.label_entropy,
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """`<latent>_<split>` and `<latent>_<split>_mean` of each latent; `y_train`, `y_test`."""
        arrays = {}
        for name, latent in self.latents.items():
            arrays |= {f"{name}_{split}": codes for split, codes in latent.codes.items()}
            arrays |= {f"{name}_{split}_mean": mean for split, mean in latent.means.items()}
        return arrays | {"y_train": self.y_train, "y_test": self.y_test}


def _means_and_codes(posteriors, key) -> tuple[dict, dict]:
    """The means and one draw of `posteriors[split][latent]`, both by latent, then split. The noise
    of a split is the same for all latents.
    """
    means, codes = {}, {}
    for number, (split, of_split) in enumerate(posteriors.items()):
        for name, (mean, log_variance) in of_split.items():
            noise = np.asarray(jax.random.normal(jax.random.fold_in(key, number), mean.shape))
            means.setdefault(name, {})[split] = mean
            codes.setdefault(name, {})[split] = mean + np.exp(0.5 * log_variance) * noise
    return means, codes


def _cost_of_codes(model: Autoencoder, params, x, strata: Strata, key) -> Callable:
    """A bound on -log p(x|z) of every image in nats, but for a constant: `codes (N, latents x D_Z)
    -> (N,)`.
    """
    if not model.is_diffusion:
        return lambda codes: np.asarray(gaussian_nll(x, *model.gaussian(params, codes)), float)
    decoder = jax.tree_util.Partial(_given_codes, model.denoiser(params))
    return lambda codes: evaluate_terms(decoder, x, codes, strata, key, block=256).loss_c.sum(1)


def _given_codes(decoder, z, lam, codes=None):
    """The decoder's field; without codes there is nothing that anybody asks for."""
    return 0 * z if codes is None else decoder(z, lam, codes)


def latents(
    model: Autoencoder,
    params: Any,
    dataset: Dataset,
    settings: Mapping[str, Any],
    process: Mapping[str, float],
    seed: int,
    report: Callable[[str], None] = lambda line: None,
) -> Latents:
    """Encode all images, train a diffusion model of each latent's codes, and measure the test
    images.

    settings: a config's `latents` section (`mlp`, `train`, `draws`, `density`, and `max_examples`,
    by which the decoder's use of the codes is measured); process: the section that the autoencoder
    was trained with, and that the diffusion models of its codes are trained and measured with;
    seed: of code draws, training and noise. Raises DataError for data
    without labels.
    """
    if not dataset.classes:
        raise DataError("I(Z;Y) needs labels, and y is numbers")
    key, (schedule, lam_range) = jax.random.key(seed), schedule_of(process)
    density = LevelDensity.from_settings(settings["density"], schedule, lam_range)
    levels = Strata.between(density.quantiles(settings["draws"]))
    posteriors = {
        "train": model.encoded(params, decoded(dataset.x_train)),
        "test": model.encoded(params, decoded(dataset.x_test)),
    }
    means, codes = _means_and_codes(posteriors, key)
    kl = code_divergence(posteriors["test"])
    own = np.concatenate([codes[name]["test"] for name in model.latents], axis=1)
    # An eighth of the draws is enough to see whether codes are used at all.
    strata = Strata.stratified(*lam_range, -(-settings["draws"] // 8))
    few = slice(settings["max_examples"])
    cost = _cost_of_codes(model, params, decoded(dataset.x_test[few]), strata, key)
    use = code_use(cost, own[few], model.latents)
    trainer, measured = None, {}
    for name in model.latents:
        scale = codes[name]["train"].std(0)
        z_train, z_test = (
            (codes[name][split] / scale).astype(np.float32) for split in ("train", "test")
        )
        card = {"classes": dataset.classes}
        pairs = Dataset(z_train, dataset.y_train, z_test, dataset.y_test, card)
        if trainer is None:  # Both latents have one shape, so that it compiles once.
            field = network_of({"fields": "one", "mlp": settings["mlp"]}, summarize(pairs))
            trainer = Trainer(field, make_objective(settings["train"], process), settings["train"])
        trained = trainer.train(
            pairs, seed, report=lambda line, name=name: report(f"{name}: {line}")
        )
        denoiser = field.denoiser(trained.params)
        terms = evaluate_terms(
            denoiser, z_test, dataset.y_test, levels, key, classes=dataset.classes
        )
        log_posterior = class_log_posterior(terms, dataset.y_test)
        information = mutual_information(terms, dataset.y_test, log_posterior)
        rows = z_train, dataset.y_train, z_test, dataset.y_test
        information["plain_classifier"] = classifier_bound(*rows, seed)
        latent = measured[name] = Latent(
            means=means[name],
            codes=codes[name],
            field=field,
            params=trained.params,
            scale=scale,
            kl=kl[name],
            use=use[name],
            neighbour_accuracy=neighbour_accuracy(*rows),
            mutual_information=information,
        )
        bound = information["classification_bound"]
        report(
            f"{name}: KL {latent.kl.value:.3f}, I(Z;Y) {bound.value:.3f} +- "
            f"{bound.standard_error:.3f} nats"
            + (" (collapsed: the decoder does without these codes)" if latent.collapsed else "")
        )
    return Latents(
        latents=measured,
        tau=model.network["autoencoder"]["tau"],
        y_train=dataset.y_train,
        y_test=dataset.y_test,
        draws=settings["draws"],
        seed=seed,
        label_entropy=label_entropy(dataset.y_test),
        lam_range=lam_range,
    )
