"""Two-dimensional t-SNE (scikit-learn's) of an autoencoder's held-out codes, for Figs. 5 and 17."""

from diffinfo.stages.contract import Job, Need

NEEDS = {"codes": Need("codes")}
WRITES = ("points",)
EXAMPLES = """\
  diffinfo tsne --codes latents.npz --out tsne.npz"""

POINTS = 1000  # at most; t-SNE of more takes long and shows no more


def run(job: Job) -> None:
    import numpy as np
    from sklearn.manifold import TSNE

    from diffinfo.files import read_arrays, write_arrays

    codes = read_arrays(job.needs["codes"])
    latents = [name.removesuffix("_test") for name in codes if name.endswith("_test")]
    latents.remove("y")
    rows = np.sort(np.random.default_rng(0).permutation(len(codes["y_test"]))[:POINTS])
    points = {
        name: TSNE(random_state=0).fit_transform(codes[f"{name}_test"][rows]) for name in latents
    }
    write_arrays(job.writes["points"], points | {"y": codes["y_test"][rows]})
    print(f"{job.writes['points']}: t-SNE of {len(rows)} held-out codes of {', '.join(latents)}")
