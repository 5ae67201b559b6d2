"""Two-dimensional t-SNE (scikit-learn's) of an autoencoder's held-out codes, for Figs. 5 and 17."""

import argparse

EXAMPLE = """examples:
  diffinfo tsne --codes latents.npz --out tsne.npz"""

POINTS = 1000  # at most; t-SNE of more takes long and shows no more


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--codes", required=True, help="the .npz of the latents stage")
    parser.add_argument(
        "--out", required=True, help="the .npz of points to write: one array per latent, and labels"
    )


def run(args: argparse.Namespace) -> None:
    import numpy as np
    from sklearn.manifold import TSNE

    from diffinfo.files import read_arrays, write_arrays

    codes = read_arrays(args.codes)
    names = [
        name.removesuffix("_test") for name in codes if name.endswith("_test") and name != "y_test"
    ]
    rows = np.sort(np.random.default_rng(0).permutation(len(codes["y_test"]))[:POINTS])
    points = {
        name: TSNE(random_state=0).fit_transform(codes[f"{name}_test"][rows]) for name in names
    }
    write_arrays(args.out, points | {"y": codes["y_test"][rows]})
    print(f"{args.out}: t-SNE of {len(rows)} held-out codes of {', '.join(names)}")
