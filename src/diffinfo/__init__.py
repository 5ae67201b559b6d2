"""Information stored in diffusion models, measured: neural entropy, mutual information, and where
they sit in noise level.

- `estimate_mi(x, y)` measures I(X;Y) of your own paired arrays: a `MutualInformation`.
- `mutual_info(X, y)` measures every column of X with y, quickly, to rank features: a `Ranking`.
- `measure(denoiser, x, y)` measures what any denoiser holds about held-out examples: a
  `Measurement`.
- `denoiser_from(function, convention)` makes a denoiser of a trained model (EDM, eps, v or flow; in
  JAX, NumPy or PyTorch).
- `las(snr, risk, steps)` finds the noise levels that a sampler of few steps should visit.
- `GaussianDenoiser`, `MixtureDenoiser` and `JointGaussian` are known truths to try all of it on.
"""

from importlib import import_module

__version__ = "0.1.0"

_MODULES = {
    "estimate_mi": "studies.mi",
    "MutualInformation": "studies.mi",
    "mutual_info": "studies.ranking",
    "Ranking": "studies.ranking",
    "measure": "studies.measure",
    "Measurement": "studies.measure",
    "las": "sample.las",
    "denoiser_from": "process.adaptor",
    "GaussianDenoiser": "exact.denoisers",
    "MixtureDenoiser": "exact.denoisers",
    "JointGaussian": "exact.joint_gaussian",
}
__all__ = list(_MODULES)


def __getattr__(name: str):
    # On demand: drawing a figure or printing help should not wait for JAX.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"diffinfo.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
