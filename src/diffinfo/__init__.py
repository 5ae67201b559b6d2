"""Information stored in diffusion models, measured: neural entropy, mutual information, and where
they sit in noise level.
"""

__version__ = "0.1.0"
__all__ = ["MutualInformation", "estimate_mi"]


def __getattr__(name: str):
    # On demand: drawing a figure or printing help should not wait for JAX.
    if name in __all__:
        from diffinfo import paired

        return getattr(paired, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
