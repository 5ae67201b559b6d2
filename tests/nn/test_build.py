import re
from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from diffinfo.checkpoint import load_model, save_model
from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.exact.pixels import IndependentPixels
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.denoise import at, e_hat, network_input

IMAGES = DataSummary((7, 7, 3), 0.3, 0.4, classes=5)
VECTORS = DataSummary((6,), 0.0, 1.0, y_mean=(1.0, 2.0), y_std=(0.5, 3.0))
LABELLED = DataSummary((6,), 0.0, 1.0, classes=5)
UNET = {"unet": {"channels": [8, 16, 24], "attention": [4], "embedding": 16, "dropout": 0.5}}


@cache
def _model(kind, fields):
    """Model, parameters and conditions.

    Zero-initialised layers hide mistakes, so every parameter is shaken.
    """
    if kind == "unet":
        model, y = Model(complete("network", UNET | {"fields": fields}), IMAGES), jnp.arange(4)
    else:
        data, y = (VECTORS, jnp.ones((4, 2))) if kind == "mlp" else (LABELLED, jnp.arange(4))
        model = Model(
            complete("network", {"fields": fields, "mlp": {"width": 16, "depth": 2}}), data
        )
    rng = np.random.default_rng(9)
    shaken = jax.tree.map(
        lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape, np.float32), model.init(0)
    )
    return model, shaken, y


@jax.jit
def _call(denoiser, *arguments):
    return denoiser(*arguments)


@pytest.mark.parametrize("fields", ["one", "two"])
@pytest.mark.parametrize("kind", ["mlp", "mlp with labels", "unet"])
def test_denoiser_contract(kind, fields, tmp_path):
    model, params, y = _model(kind, fields)
    denoiser = partial(_call, model.denoiser(params))
    z, lam = jax.random.normal(jax.random.key(1), (4, *model.data.shape)), jnp.linspace(-4, 4, 4)
    unconditional, conditional = denoiser(z, lam), denoiser(z, lam, y)
    assert unconditional.shape == conditional.shape == z.shape
    assert unconditional.dtype == jnp.float32
    # The null token is a condition of its own, the condition matters, and so does the level.
    assert jnp.abs(unconditional - conditional).max() > 1e-4
    assert jnp.abs(conditional - denoiser(z, lam, y[::-1] + 1)).max() > 1e-4
    assert jnp.abs(conditional - denoiser(z, lam + 1, y)).max() > 1e-4
    # One file carries all of it.
    save_model(tmp_path / "m.msgpack", model, params, {"seed": 1})
    again, loaded, provenance = load_model(tmp_path / "m.msgpack")
    assert provenance == {"seed": 1}
    np.testing.assert_array_equal(_call(again.denoiser(loaded), z, lam, y), conditional)
    save_model(tmp_path / "n.msgpack", again, loaded, provenance)
    assert (tmp_path / "m.msgpack").read_bytes() == (tmp_path / "n.msgpack").read_bytes()


def test_fields_at_one_z_compute_its_pixels_once(monkeypatch):
    small = complete("network", {"unet": {"channels": [8], "embedding": 8}, "fields": "one"})
    model = Model(small, replace(IMAGES, pixels=True))
    train = np.random.default_rng(0).integers(0, 256, (20, *IMAGES.shape), np.uint8)
    denoiser = model.denoiser(model.init(0) | {"pixels": vars(IndependentPixels.of(train))})
    z, lam, y = jnp.ones((4, *IMAGES.shape)), jnp.linspace(-4, 4, 4), jnp.arange(4)
    calls, moments = [], IndependentPixels.moments

    def counted(self, z, lam):
        calls.append(len(z))
        return moments(self, z, lam)

    monkeypatch.setattr(IndependentPixels, "moments", counted)
    strata, key = Strata.stratified(-4, 4, 2), jax.random.key(0)
    evaluate_terms(denoiser, np.asarray(z), np.asarray(y), strata, key, classes=5)
    assert calls == [4], "of all labels and none"
    field = at(denoiser, z, lam)
    np.testing.assert_array_equal(field(), denoiser(z, lam))
    np.testing.assert_array_equal(field(y), denoiser(z, lam, y))


def test_examples_do_not_see_each_other():
    model, params, y = _model("unet", "one")
    denoiser = partial(_call, model.denoiser(params))
    z, lam = jax.random.normal(jax.random.key(1), (4, *IMAGES.shape)), jnp.linspace(-4, 4, 4)
    np.testing.assert_allclose(
        denoiser(z, lam, y)[:2], denoiser(z[:2], lam[:2], y[:2]), rtol=1e-4, atol=1e-5
    )


def test_dropout_needs_a_key_and_changes_with_it():
    model, params, y = _model("unet", "one")
    v_hat = jax.jit(model.v_hat)
    z, lam = jnp.ones((4, *IMAGES.shape)), jnp.zeros(4)
    np.testing.assert_array_equal(v_hat(params, z, lam, y), v_hat(params, z, lam, y))
    one, two = (v_hat(params, z, lam, y, jax.random.key(k)) for k in (0, 1))
    assert jnp.abs(one - two).max() > 1e-4


def test_an_untrained_network_is_the_isotropic_gaussian_of_its_data():
    # The last layer starts at zero, so the field starts at the exact one of N(mean, std^2 I).
    from diffinfo.exact.denoisers import GaussianDenoiser

    model, _, _ = _model("unet", "one")
    z, lam = jax.random.normal(jax.random.key(1), (4, *IMAGES.shape)), jnp.linspace(-4, 8, 4)
    d = int(np.prod(IMAGES.shape))
    oracle = GaussianDenoiser.of(np.full(d, IMAGES.mean), np.eye(d) * IMAGES.std**2)
    expected = oracle(z.reshape(4, d), lam).reshape(z.shape)
    np.testing.assert_allclose(
        _call(model.denoiser(model.init(0)), z, lam), expected, rtol=1e-3, atol=1e-4
    )


def test_a_unet_for_vectors_is_refused():
    with pytest.raises(DataError, match=r"use network\.mlp"):
        Model(complete("network", UNET), VECTORS)


def test_damaged_models_are_named(tmp_path):
    model, params, _ = _model("mlp", "one")
    path = tmp_path / "m.msgpack"
    with pytest.raises(DataError, match="no such file"):
        load_model(path)
    save_model(path, model, params, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"m\.msgpack: not a readable checkpoint"):
        load_model(path)


@pytest.mark.parametrize("kind", ["mlp", "unet"])
def test_a_file_with_parameters_of_other_shapes_is_refused(kind, tmp_path):
    model, params, _ = _model(kind, "one")
    path = tmp_path / "m.msgpack"
    leaves = jax.tree_util.tree_leaves_with_path(params)
    for where, leaf in leaves[:: max(1, len(leaves) // 4)]:
        name = jax.tree_util.keystr(where, simple=True, separator=".")
        for other in (np.zeros((*leaf.shape, 2)), None):  # None: as if it were not there
            changed = jax.tree_util.tree_map_with_path(
                lambda path, v, at=where, other=other: other if path == at else v, params
            )
            save_model(path, model, jax.tree.map(np.asarray, changed), {})
            with pytest.raises(DataError, match=rf"m\.msgpack: parameter {re.escape(name)}: shape"):
                load_model(path)


def test_programs_depend_on_shapes_not_on_the_data():
    network, z, lam = (
        complete("network", {"mlp": {"width": 16, "depth": 1}}),
        jnp.zeros((4, 3)),
        jnp.zeros(4),
    )

    def program(y_mean):
        model = Model(
            network, DataSummary((3,), 0.0, 1.0, y_mean=(y_mean,) * 2, y_std=(1.0 + y_mean,) * 2)
        )
        return jax.jit(model.v_hat).lower(model.init(0), z, lam, jnp.ones((4, 2))).as_text()

    assert program(0.0) == program(0.5)


def test_radial_factors_alone_turn_with_their_input():
    data = DataSummary(
        (3,), 0.0, 1.0, y_mean=(0.0,) * 3, y_std=(1.0,) * 3, canonical=True, elliptical=True
    )
    model = Model({"fields": "one", "mlp": {"width": 16, "depth": 0}}, data)
    rng, rows = np.random.default_rng(0), np.zeros((4, 3), np.float32)
    known = Dataset(rows, rows, rows, rows, {"correlations": [0.5] * 3})
    params = model.init(0) | model.constants(known)
    outer = params["shared"]["radial"]["outer"]
    outer["kernel"] = jnp.asarray(rng.standard_normal(outer["kernel"].shape), jnp.float32)
    z, y = (jnp.asarray(rng.standard_normal((6, 3)), jnp.float32) for _ in range(2))
    turn = jnp.asarray(np.linalg.qr(rng.standard_normal((3, 3)))[0], jnp.float32)
    lam = jnp.linspace(-2.0, 2.0, 6)
    for given in (None, y):
        field = _call(model.denoiser(params), z, lam, given)
        given = None if given is None else given @ turn
        turned = _call(model.denoiser(params), z @ turn, lam, given)
        np.testing.assert_allclose(turned, field @ turn, atol=1e-4)
        assert np.abs(field).max() > 0.1


@pytest.mark.parametrize("kind", ["unet", "mlp"])
def test_a_network_may_output_the_entropy_matching_field_itself(kind):
    """Then there is no base field, and its output is what `e_hat` makes of the denoiser."""
    section, data = (
        (UNET, replace(IMAGES, pixels=True))
        if kind == "unet"
        else ({"mlp": {"width": 16, "depth": 2}}, VECTORS)
    )
    model = Model(complete("network", section | {"prediction": "e"}), data)
    params = jax.tree.map(lambda leaf: leaf + 0.1, model.init(0))
    z, lam = jax.random.normal(jax.random.key(1), (4, *data.shape)), jnp.linspace(-6, 12, 4)
    v_hat = _call(model.denoiser(params), z, lam)
    seen = network_input(z, lam, data.mean, data.std)
    present, y = jnp.zeros(4, bool), data.null_condition(4)
    output = model._apply(params, "unconditional", seen, lam, y, present, None)
    np.testing.assert_allclose(e_hat(v_hat, z, lam), output, rtol=2e-3, atol=1e-5)
    untrained = _call(model.denoiser(model.init(0)), z, lam)
    np.testing.assert_allclose(untrained, 0, atol=1e-6)
