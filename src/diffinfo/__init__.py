"""Information stored in diffusion models, measured: neural entropy, mutual information, and where they sit in noise level."""

__version__ = "0.1.0"
