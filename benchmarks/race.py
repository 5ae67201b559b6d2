"""Time to 3.4, 1 and 0.5 % of I(X;Y) in the authors' joint-Gaussian case, with their settings too.

    python benchmarks/race.py [--seeds 3] [--minutes 10] [--arrays pairs.npz] > race.csv

Both train in this process, one after the other, on the same 20,000 pairs, and are measured on the
same 10,000 held-out pairs (truth 20.041).

ours      The network and training of config/config.yaml (two networks), trained anew for each
          number of steps, since the learning rate ends at zero. The estimate is `loss_difference`
          to s = 1e-5.
authors   The raw entropy-matching field e from a perceptron [512, 256, D] with Fourier features of
          the time, two networks, Adam at 1e-4, times uniform in s, batches of 32 examples x 10
          noise draws, likelihood weighting. The estimates are `squared_difference` on 100 equal
          time steps, which their paper reports, and `loss_difference`, which it does not. One run
          is looked at as it goes. What is not published was chosen here: SiLU, 64 waves, s from
          0.005 (there the exact field gives 19.89 on 100 equal steps; 19.93 in the paper, for
          another draw of the covariance).

There is one CSV line per look. Seconds are of training alone; `compile_seconds` come on top, once.
--arrays writes the held-out pairs for `benchmarks/others.py`.
"""

import argparse
import csv
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.mutual_information import loss_difference, squared_difference
from diffinfo.nn.build import Model
from diffinfo.process.forward import coefficients
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import Trainer, make_objective, summarize

SCHEDULE, AUTHORS_S_MIN = VPSchedule(), 0.005
COLUMNS = (
    "method",
    "seed",
    "steps",
    "seconds",
    "compile_seconds",
    "estimator",
    "mi",
    "standard_error",
    "error_percent",
)
OUR_STEPS = (60, 125, 250, 500, 1000, 2000)


class Report:
    """CSV lines on standard output."""

    def __init__(self, truth: float):
        self.truth = truth
        self.writer = csv.writer(sys.stdout)
        self.writer.writerow(COLUMNS)

    def __call__(self, method, seed, steps, seconds, compiling, estimates):
        for name, value in estimates.items():
            numbers = (value.value, value.standard_error, 100 * (value.value / self.truth - 1))
            times = (f"{seconds:.2f}", f"{compiling:.2f}")
            self.writer.writerow(
                [method, seed, steps, *times, name, *(f"{number:.3f}" for number in numbers)]
            )
        sys.stdout.flush()


def ours(dataset, seed: int, report: Report) -> None:
    """One training for each number of steps: a first time to compile, a second to be timed."""
    model = Model(complete("network", {"mlp": {"width": 128, "depth": 3}}), summarize(dataset))
    process = complete("process", {})
    strata = Strata.stratified(*SCHEDULE.log_snr_range(process["s_min"]), 40)
    for steps in OUR_STEPS:
        train = complete("train", {"steps": steps, "batch": 512, "learning_rate": 0.004})
        trainer = Trainer(model, make_objective(train, process), train)
        seconds = []
        for _ in range(2):  # both give the same numbers
            began = time.perf_counter()
            trained = trainer.train(dataset, seed)
            seconds.append(time.perf_counter() - began)
        terms = evaluate_terms(
            model.denoiser(trained.params),
            dataset.x_test,
            dataset.y_test,
            strata,
            jax.random.key(seed),
        )
        report(
            "ours",
            seed,
            steps,
            seconds[1],
            seconds[0] - seconds[1],
            {"loss_difference": loss_difference(terms)},
        )


class RawField(nnx.Module):
    """e(z, s, y) by a plain perceptron."""

    def __init__(self, dim: int, dim_y: int, rngs: nnx.Rngs):
        widths = (dim + dim_y + 128, 512, 256, dim)
        self.layers = nnx.List([nnx.Linear(n, m, rngs=rngs) for n, m in pairwise(widths)])

    def __call__(self, z, s, y):
        phase = 2 * np.pi * s[:, None] * jnp.geomspace(0.25, 64, 64)
        h = jnp.concatenate([z, y, jnp.sin(phase), jnp.cos(phase)], axis=-1)
        for layer in self.layers[:-1]:
            h = jax.nn.silu(layer(h))
        return self.layers[-1](h)


def authors(dataset, seed: int, minutes: float, report: Report) -> None:
    """Their settings, until the time is up or their 200 epochs are over."""
    x, y = jnp.asarray(dataset.x_train), jnp.asarray(dataset.y_train)
    batch, draws, epochs = 32, 10, 200
    most = epochs * len(x) // batch
    made = [nnx.split(RawField(x.shape[1], dim, nnx.Rngs(seed + dim))) for dim in (0, y.shape[1])]
    graphs, params = [graph for graph, _ in made], [nnx.to_pure_dict(state) for _, state in made]
    optimizer, rate = optax.adam(1e-4), SCHEDULE.beta_max - SCHEDULE.beta_min

    def field(params, z, s, y):
        return nnx.merge(graphs[y.shape[1] > 0], params)(z, s, y)

    def loss(params, x, y, key):
        s_key, noise_key = jax.random.split(key)
        s = jax.random.uniform(s_key, x.shape[:1], minval=AUTHORS_S_MIN)
        a, b = coefficients(log_snr(s), x)
        noise = jax.random.normal(noise_key, x.shape)
        z = a * x + b * noise
        target = z - noise / b
        errors = [field(p, z, s, c) - target for p, c in zip(params, (y[:, :0], y), strict=True)]
        return jnp.mean(
            sum(0.5 * (SCHEDULE.beta_min + rate * s) * jnp.sum(error**2, -1) for error in errors)
        )

    def log_snr(s):  # `VPSchedule`, traceable
        return -jnp.log(jnp.expm1(SCHEDULE.beta_min * s + 0.5 * rate * s**2))

    def time_of(lam):
        return (
            jnp.sqrt(SCHEDULE.beta_min**2 + 2 * rate * jax.nn.softplus(-lam)) - SCHEDULE.beta_min
        ) / rate

    def step(carry, key):
        params, state = carry
        row_key, loss_key = jax.random.split(key)
        rows = jnp.repeat(jax.random.randint(row_key, (batch,), 0, len(x)), draws)
        gradients = jax.grad(loss)(params, x[rows], y[rows], loss_key)
        updates, state = optimizer.update(gradients, state)
        return (optax.apply_updates(params, updates), state), None

    def denoiser(params, z, lam, y=None):
        a, b = coefficients(lam, z)
        chosen, y = (params[0], jnp.zeros((len(z), 0))) if y is None else (params[1], y)
        return -(b / a) * field(chosen, z, time_of(lam), y)

    run = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0])
    lam_range = SCHEDULE.log_snr_range(AUTHORS_S_MIN)
    grid, strata = (
        Strata.linear_grid(SCHEDULE, AUTHORS_S_MIN, 100),
        Strata.stratified(*lam_range, 40),
    )
    key, chunk = jax.random.key(seed), 250
    carry = (params, optimizer.init(params))
    began = time.perf_counter()
    jax.block_until_ready(run(carry, jax.random.split(key, chunk)))
    compiling = time.perf_counter() - began
    done, seconds, look = 0, 0.0, 250
    while done < most and seconds < 60 * minutes:
        began = time.perf_counter()
        carry = jax.block_until_ready(
            run(carry, jax.random.split(jax.random.fold_in(key, done), chunk))
        )
        seconds, done = seconds + time.perf_counter() - began, done + chunk
        if done >= look or done >= most:
            look = 1.5 * done
            measure = partial(
                evaluate_terms,
                jax.tree_util.Partial(denoiser, carry[0]),
                dataset.x_test,
                dataset.y_test,
            )
            squared, loss_terms = measure(grid, key), measure(strata, key)
            estimates = {
                "squared_difference": squared_difference(squared),
                "loss_difference": loss_difference(loss_terms),
            }
            report("authors", seed, done, seconds, compiling, estimates)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--minutes",
        type=float,
        default=10,
        help="of training at the authors' settings, for the first seed",
    )
    parser.add_argument("--arrays", type=Path, help="write the held-out pairs here")
    args = parser.parse_args()
    dataset = make_dataset(complete("data", {"gaussian": {"seed": 86, "n_test": 10_000}}))
    if args.arrays:
        np.savez(args.arrays, x=dataset.x_test, y=dataset.y_test)
    report = Report(dataset.card["truth"]["mutual_information"])
    for seed in range(args.seeds):
        ours(dataset, seed, report)
    authors(dataset, 0, args.minutes, report)


if __name__ == "__main__":
    main()
