"""What convolutional networks share: patches, precision, many devices, and classifiers of noised
images.
"""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from diffinfo.checkpoint import load_model, save_model
from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.nn.build import DataSummary, Model, NoisyClassifier, network_of
from diffinfo.nn.unet import GroupNorm, _dropout_keys, from_depth, to_depth

IMAGES = DataSummary((7, 6, 3), 0.3, 0.4, classes=5)


def _shaken(model):
    rng = np.random.default_rng(9)
    return jax.tree.map(
        lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape, np.float32), model.init(0)
    )


@pytest.mark.parametrize("patch", [1, 2, 3])
def test_patches_go_there_and_back(patch):
    z = jax.random.normal(jax.random.key(0), (2, 7, 6, 3))
    deep = to_depth(z, patch)
    assert deep.shape == (2, -(-7 // patch), -(-6 // patch), 3 * patch**2)
    np.testing.assert_array_equal(from_depth(deep, patch, z.shape), z)
    model = Model(
        complete("network", {"unet": {"patch": patch, "channels": [8, 8], "embedding": 8}}), IMAGES
    )
    assert jax.jit(model.v_hat)(_shaken(model), z, jnp.zeros(2)).shape == z.shape


def test_group_normalisation_is_the_librarys_and_may_be_modulated():
    h = 3 + 2 * jax.random.normal(jax.random.key(0), (4, 5, 6, 12))
    scale, shift = jax.random.normal(jax.random.key(1), (2, 4, 12))
    library, ours = nnx.GroupNorm(12, num_groups=4, rngs=nnx.Rngs(0)), GroupNorm(12)
    assert ours.groups == 4
    for norm in (library, ours):
        norm.scale[...], norm.bias[...] = jnp.linspace(0.5, 2.0, 12), jnp.linspace(-1.0, 1.0, 12)
    np.testing.assert_allclose(ours(h), library(h), atol=2e-5)
    expected = library(h) * (1 + scale[:, None, None]) + shift[:, None, None]
    np.testing.assert_allclose(ours(h, scale, shift), expected, atol=1e-4)
    flat = jnp.full((1, 2, 2, 12), 7.0)  # no variance: finite, and so its gradient
    assert jnp.isfinite(jax.grad(lambda h: ours(h).sum())(flat)).all()


def test_every_block_has_its_dropout_key_however_many_there_are():
    stages, key = [[None] * 40, [None], [None] * 40], jax.random.key(3)
    keys = jnp.stack(list(_dropout_keys(key, stages)))
    assert len(np.unique(jax.random.key_data(keys), axis=0)) == 81
    # A key does not depend on how many there are.
    np.testing.assert_array_equal(
        jax.random.key_data(keys[:64]), jax.random.key_data(jax.random.split(key, 64))
    )
    assert list(_dropout_keys(None, stages)) == [None] * 81


def test_low_precision_is_the_same_field_but_for_rounding():
    model = Model(
        complete("network", {"unet": {"channels": [8, 16], "attention": [4], "embedding": 16}}),
        IMAGES,
    )
    params, z, lam = (
        _shaken(model),
        jax.random.normal(jax.random.key(0), (4, 7, 6, 3)),
        jnp.linspace(-4.0, 12.0, 4),
    )
    v_hat = jax.jit(model.v_hat, static_argnames="dtype")
    exact, low = (v_hat(params, z, lam, jnp.arange(4), dtype=d) for d in (None, jnp.bfloat16))
    assert low.dtype == jnp.float32
    error = jnp.sqrt(jnp.mean((low - exact) ** 2) / jnp.mean(exact**2))
    assert 0 < error < 0.03  # bfloat16 has 8 bits


def test_a_classifier_is_a_distribution_over_labels_and_one_file(tmp_path):
    model = network_of(
        complete("network", {"classifier": {"channels": [8, 8], "embedding": 8}}), IMAGES
    )
    params = _shaken(model)
    z = jax.random.normal(jax.random.key(0), (4, 7, 6, 3))
    log_q = model.log_posterior(params, z, jnp.linspace(-4.0, 4.0, 4))
    assert log_q.shape == (4, 5)
    np.testing.assert_allclose(jnp.exp(log_q).sum(1), 1, rtol=1e-5)
    assert jnp.abs(log_q - model.log_posterior(params, z, jnp.zeros(4))).max() > 1e-4, (
        "the level matters"
    )
    save_model(tmp_path / "c.msgpack", model, params, {"seed": 1})
    again, loaded, _ = load_model(tmp_path / "c.msgpack", NoisyClassifier)
    np.testing.assert_array_equal(
        again.log_posterior(loaded, z, jnp.zeros(4)), model.log_posterior(params, z, jnp.zeros(4))
    )
    with pytest.raises(
        DataError, match=r"c\.msgpack: holds a NoisyClassifier, and a Model is needed"
    ):
        load_model(tmp_path / "c.msgpack")
    with pytest.raises(DataError, match="needs labels"):
        network_of(model.network, DataSummary((7, 6, 3), 0.3, 0.4, y_mean=(0.0,), y_std=(1.0,)))


TRAINING = """
import json, jax, numpy as np
from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.nn.build import network_of
from diffinfo.train.loop import Trainer, make_objective, summarize
rng = np.random.default_rng(0)
x, y = rng.integers(0, 256, (40, 6, 6, 1), dtype=np.uint8), rng.integers(0, 3, 40).astype(np.int32)
data = Dataset(x, y, x, y, {"classes": 3})
lines = [jax.device_count()]
size = {"channels": [8], "embedding": 8}
for network in ({"fields": "one", "unet": size}, {"classifier": size}):
    settings = complete("train", {"steps": 12, "batch": 8, "validate_every": 6})
    model = network_of(complete("network", network), summarize(data))
    trainer = Trainer(model, make_objective(settings, complete("process", {})), settings)
    trained = trainer.train(data, 0, chunk=3)
    lines.append(np.asarray(trained.history[:, :-1]).tolist())
print(json.dumps(lines))
"""


GRADIENT = """
import json, jax, jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec
from diffinfo.nn.conv import convolve
from diffinfo.spread import AXIS
mesh = jax.sharding.Mesh(jax.devices(), (AXIS,))
x = jax.device_put(jnp.ones((8, 6, 6, 2)), NamedSharding(mesh, PartitionSpec(AXIS)))
kernel = jax.device_put(jnp.ones((3, 3, 2, 8)), NamedSharding(mesh, PartitionSpec()))
of_kernel = jax.jit(jax.grad(lambda kernel, x: jnp.sum(convolve(x, kernel) ** 2)))
with jax.set_mesh(mesh):
    print(json.dumps(of_kernel.lower(kernel, x).compile().as_text()))
"""


def _printed(program, devices):
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_four_devices_train_as_one_does():
    (one, *alone), (four, *shared) = _printed(TRAINING, 1), _printed(TRAINING, 4)
    assert (one, four) == (1, 4)
    for expected, history in zip(alone, shared, strict=True):
        np.testing.assert_allclose(history, expected, rtol=2e-3)
        assert np.isfinite(expected).all()


def test_no_device_computes_the_gradients_of_other_devices_images():
    program = _printed(GRADIENT, 4)
    assert "all-reduce" in program
    assert "all-gather" not in program
