"""One optimisation step as a pure function of plain pytrees.

All random numbers of a step come from `fold_in(key, step)`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from diffinfo.loss import (
    Objective,
    autoencoder_loss,
    classifier_loss,
    dropped_condition_loss,
    gaussian_autoencoder_loss,
    two_field_loss,
)
from diffinfo.nn.build import Autoencoder, NoisyClassifier, Trainable
from diffinfo.process.forward import decoded

State = dict[str, Any]


def make_optimizer(
    steps: int, learning_rate: float, warmup: int, clip: float
) -> optax.GradientTransformation:
    """Adam with clipping of the global norm, linear warm-up and cosine decay to zero.

    The warm-up takes `warmup` of the `steps`, but at most half of them.
    """
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, learning_rate, min(warmup, steps // 2), steps, 0.0
    )
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(schedule))


def initial_state(params: Any, optimizer: optax.GradientTransformation) -> State:
    """The parameters as one vector, their moving average, the optimizer's state, and the `step`.

    `step` is the number of good steps taken. With one vector instead of a hundred arrays the
    optimizer compiles to a handful of operations, several times faster.
    """
    flat, _ = ravel_pytree(params)
    average = jnp.copy(flat)  # It needs a buffer of its own: the state is donated to each step.
    return {
        "params": flat,
        "ema": average,
        "optimizer": optimizer.init(flat),
        "step": jnp.zeros((), jnp.int32),
    }


def make_loss(
    model: Trainable,
    unravel: Callable[[jax.Array], Any],
    objective: Objective,
    settings: Mapping[str, Any],
):
    """The loss of a model on one noised batch, as a function of its parameters in one vector.

    Returns `loss(flat, x, y, key, dropout_key=None, step=None) -> (loss, parts in nats)`, where
    `unravel` turns the vector `flat` into the model's parameters. Without `dropout_key` nothing is
    dropped. With `step` the weight of a KL rises to its value over the first half of the steps.
    settings: a config's `train` section.

    Convolutional networks compute in bfloat16 on accelerators; parameters, targets and losses are
    float32 everywhere.
    """
    dtype = jnp.bfloat16 if model.has_convolutions and jax.default_backend() != "cpu" else None

    def loss(flat, x, y, key, dropout_key=None, step=None):
        params, options = unravel(flat), {"key": dropout_key, "dtype": dtype}
        if isinstance(model, NoisyClassifier):
            return classifier_loss(
                partial(model.log_posterior, params, **options), objective, decoded(x), y, key
            )
        if isinstance(model, Autoencoder):
            # The weight rises slowly, or codes collapse before the decoder has learnt to read them.
            rise = 1.0 if step is None else jnp.minimum(1.0, 2 * step / settings["steps"])
            encode, weight = partial(model.encode, params), rise * settings["kl_weight"]
            if not model.is_diffusion:
                return gaussian_autoencoder_loss(
                    encode, partial(model.gaussian, params), weight, decoded(x), key
                )
            return autoencoder_loss(
                encode, partial(model.v_hat, params, **options), objective, weight, decoded(x), key
            )
        if model.names == ("shared",):
            return dropped_condition_loss(
                lambda z, lam, y, present: model.at(params, z, lam, **options)(y, present),
                objective,
                settings["null_probability"],
                decoded(x),
                y,
                key,
            )
        return two_field_loss(
            partial(model.v_hat, params, **options), objective, decoded(x), y, key
        )

    return loss


def make_step(
    loss: Callable,
    optimizer: optax.GradientTransformation,
    batch: int,
    ema: float,
    spread: Callable[[jax.Array], jax.Array] = lambda rows: rows,
) -> Callable[..., tuple[State, dict[str, jax.Array]]]:
    """One step of training on a random batch: `step(state, x, y, key) -> (state, metrics)`.

    x and y are all training data, on the device. loss: as `make_loss` returns it. batch: rows per
    step. ema: the final decay of the moving average. spread: lays an array of one row per example
    out over the devices.

    Metrics are the loss's parts in nats, and `bad`: whether the loss or a gradient was not finite.
    A bad step changes nothing, and neither does any later one, so the state stays the last good
    one.
    """

    def step(
        state: State, x: jax.Array, y: jax.Array, key: jax.Array
    ) -> tuple[State, dict[str, jax.Array]]:
        row_key, loss_key = jax.random.split(jax.random.fold_in(key, state["step"]))
        batch_key, dropout_key = jax.random.split(loss_key)
        rows = jax.random.randint(row_key, (batch,), 0, x.shape[0])
        gradients, parts = jax.grad(loss, has_aux=True)(
            state["params"], spread(x[rows]), spread(y[rows]), batch_key, dropout_key, state["step"]
        )
        good = jnp.isfinite(gradients).all() & jnp.isfinite(
            sum(jnp.sum(part) for part in parts.values())
        )

        def moved(state: State) -> State:
            updates, optimizer_state = optimizer.update(
                gradients, state["optimizer"], state["params"]
            )
            params = optax.apply_updates(state["params"], updates)
            # The decay grows to its final value, or early averages would remember the
            # initialisation.
            decay = jnp.minimum(ema, (1 + state["step"]) / (10 + state["step"]))
            return {
                "params": params,
                "ema": optax.incremental_update(params, state["ema"], 1 - decay),
                "optimizer": optimizer_state,
                "step": state["step"] + 1,
            }

        # A branch instead of a choice for every number: it leaves the old state in its place.
        return jax.lax.cond(good, moved, lambda state: state, state), parts | {"bad": ~good}

    return step
