"""What the image models of the configs cost to train, and their share of `config/paper.yaml`'s.

    python benchmarks/compute.py [config/cifar10-cpu.yaml ...]

Counts the floating-point operations of the loss of one batch as XLA states them before compilation,
three times for a training step (XLA counts the body of a loop once, and gradients of kernels are
loops), of fields alone (no classifiers, codes or evaluations), and multiplies by steps. Nothing is
trained or compiled.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import yaml
from jax.flatten_util import ravel_pytree

from diffinfo.config import expand
from diffinfo.data.dataset import Dataset
from diffinfo.nn.build import network_of
from diffinfo.train.loop import make_objective, summarize
from diffinfo.train.step import make_loss

CONFIG = Path(__file__).parents[1] / "config"
SHAPES = {
    "mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
    "tiny_imagenet": ((64, 64, 3), 200),
}


def of_step(experiment: dict, shape: tuple[int, ...], classes: int) -> float:
    """Floating-point operations of one step of that experiment."""
    rng, batch = np.random.default_rng(0), experiment["train"]["batch"]
    # Of two values: the field of independent pixels, a small part of a step, is then quickly made.
    x = 255 * rng.integers(0, 2, (300, *shape), dtype=np.uint8)
    y = (np.arange(300) % classes).astype(np.int32)
    dataset = Dataset(x, y, x, y, {"classes": classes})
    model = network_of(experiment["network"], summarize(dataset))
    flat, unravel = ravel_pytree(model.init(0))
    constants = model.constants(dataset)
    objective = make_objective(experiment["train"], experiment["process"])
    loss = make_loss(model, lambda flat: unravel(flat) | constants, objective, experiment["train"])
    inputs = flat, jnp.asarray(x[:batch]), jnp.asarray(y[:batch]), jax.random.key(0)
    return 3 * jax.jit(lambda *inputs: loss(*inputs)[0]).lower(*inputs).cost_analysis()["flops"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="*", type=Path, default=sorted(CONFIG.glob("*-cpu.yaml")))
    args = parser.parse_args()
    paper, rows = {}, []
    for path in (CONFIG / "paper.yaml", *args.configs):
        cases, _ = expand(yaml.safe_load(path.read_text())["experiments"])
        for name, case in cases.items():
            data = next(iter(case["data"]))
            if data not in SHAPES or name != data or "autoencoder" in case["network"]:
                continue
            train, seeds = case["train"], len(case["seeds"])
            each = of_step(case, *SHAPES[data])
            total = each * train["steps"]
            if path.stem == "paper":
                paper[data] = total
            share = f"{total / paper[data]:.2%}" if data in paper else ""
            per_example = each / train["batch"] / 1e9
            rows.append(
                f"| {path.stem} | {name} | {train['steps']:,} x {train['batch']} | {seeds} "
                f"| {per_example:.2f} | {total / 1e15:.3g} | {share} |"
            )
    print("| config | model | steps x batch | seeds | GFLOP an example | PFLOP a seed | share |")
    print("|---|---|---|---|---|---|---|", *rows, sep="\n")


if __name__ == "__main__":
    main()
