"""Oracles and tiny data shared by the tests."""

import os
from importlib.metadata import version

# Tests compile much and compute little: without optimisation and fusion emitters compiling takes a
# sixth of the time. It must be said before JAX starts; processes that tests start inherit it. With
# JAX_PLATFORMS=cuda the tests run on a GPU, as they are.
if os.environ.get("JAX_PLATFORMS", "cpu") == "cpu":
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"
        " --xla_llvm_disable_expensive_passes=true --xla_cpu_multi_thread_eigen=false"
    )
    if version("jaxlib").startswith("0.10."):  # later ones stop at a flag that they do not know
        os.environ["XLA_FLAGS"] += " --xla_cpu_use_fusion_emitters=false"
# Tests run side by side: a second thread of each would only wait for the other's.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import jax
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.data.sources import joint_gaussian, make_dataset
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.exact.joint_gaussian import JointGaussian

LAM_RANGE = (-9.0, 16.0)


@pytest.fixture(scope="session", autouse=True)
def compilation_cache(tmp_path_factory):
    """Tests train the same small networks again and again: compile each once, for all workers and
    for the processes that they start.
    """
    base = tmp_path_factory.getbasetemp()
    folder = str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "jax")
    os.environ |= {
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def determinism(
    dim_x: int, dim_y: int, sigma_eps: float, jitter: float, seed: int
) -> JointGaussian:
    """The full-rank case, as a config describes it."""
    values = {
        "dim_x": dim_x,
        "dim_y": dim_y,
        "sigma_eps": sigma_eps,
        "jitter": jitter,
        "seed": seed,
    }
    return joint_gaussian(complete("data", {"gaussian": values})["gaussian"])


@pytest.fixture(scope="session")
def joint() -> JointGaussian:
    """A small joint Gaussian with I(X;Y) of a few nats."""
    return determinism(dim_x=4, dim_y=3, sigma_eps=0.3, jitter=1e-2, seed=3)


@pytest.fixture(scope="session")
def oracle(joint) -> GaussianDenoiser:
    """Its exact conditional and unconditional fields."""
    return GaussianDenoiser.of(np.zeros(4), joint.cov_x, joint.cov_xy, joint.cov_y)


@pytest.fixture
def tiny_gaussian():
    """A data set of a few hundred pairs."""
    return make_dataset(
        complete(
            "data",
            {"gaussian": {"dim_x": 3, "dim_y": 2, "sigma_eps": 0.5, "n_train": 300, "n_test": 100}},
        )
    )


@pytest.fixture
def tiny_network():
    """A perceptron that trains in no time."""
    return complete("network", {"mlp": {"width": 8, "depth": 1}})


def assert_agrees(estimate, truth):
    """Within 4 of its own standard errors of the truth - and not so when the estimator is off by 2%
    either way.
    """
    allowed = 4 * estimate.standard_error
    assert abs(estimate.value - truth) < allowed, f"{estimate} against {truth}"
    for slip in (0.98, 1.02):
        assert abs(slip * estimate.value - truth) > allowed, (
            f"{estimate}: too uncertain to see 2% of {truth}"
        )
