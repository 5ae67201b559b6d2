"""Measure what a model of your own holds about held-out examples: S_NN, I(X;Y) and where in noise
level they sit.

The model is a Python function of a file of yours, which is imported, so that its code runs:
`D(x, level)` for the unconditional and `D(x, level, y)` for the conditional field, called with
arrays of --backend. --convention says what level and output are: edm `D(x, sigma)`, the denoised
data for x = x_0 + sigma noise; eps, v and x at a time step t of --alphas; flow the velocity
noise - x_0 at time t. Without a convention NAME is a denoiser already, as `denoiser_from` makes it.

The .npz holds `x` (N, ...), floats on the scale and in the layout that the model was trained on (or
uint8 images, which become [0, 1]), and maybe `y`: integer labels (N,), or real conditions (N, D).
"""

from diffinfo.stages.contract import SEEDS, Job, Option, whole

CONVENTIONS = ("edm", "eps", "v", "x", "flow")
ALPHAS = "of eps, v, x: linear, scaled_linear (DDPM's tables) or the .npy of alphas_cumprod"
OPTIONS = (
    Option(
        "--denoiser",
        {"required": True, "metavar": "FILE.py:NAME", "help": "where the function is"},
        reads=True,
    ),
    Option(
        "--data", {"required": True, "metavar": "FILE.npz", "help": "x and maybe y"}, reads=True
    ),
    Option("--convention", {"choices": CONVENTIONS, "help": "of the function's arguments"}),
    Option(
        "--backend",
        {"choices": ("jax", "numpy", "torch"), "default": "jax", "help": "of its arrays"},
    ),
    Option("--alphas", {"default": "linear", "help": f"{ALPHAS} (default linear)"}),
    Option(
        "--integer-timesteps",
        {"action": "store_true", "help": "for networks that look their time step up"},
    ),
    Option(
        "--data-at",
        {"type": int, "choices": (0, 1), "default": 0, "help": "flow: time of the data"},
    ),
    Option("--draws", {"type": whole(1), "default": 64, "help": "levels an example (default 64)"}),
    Option("--classes", {"type": whole(2), "help": "of y (default: its largest plus one)"}),
    Option(
        "--lam-range",
        {"type": float, "nargs": 2, "metavar": ("MIN", "MAX"), "help": "log-SNR cut-offs"},
    ),
    Option("--block", {"type": whole(1), "default": 256, "help": "examples at once (default 256)"}),
    Option("--seed", {"type": SEEDS, "default": 0, "help": "of the noise (default 0)"}),
    Option(
        "--out",
        {"help": "the .json to write; .profile.csv and .risk.csv go beside it"},
        writes=("", ".profile.csv", ".risk.csv"),
    ),
)
EXAMPLES = """\
  diffinfo measure --denoiser my_model.py:D --convention edm --backend numpy --data held_out.npz
  diffinfo measure --denoiser my_model.py:D --convention edm --backend numpy --data held_out.npz \\
      --draws 32 --lam-range -8 10 --out measured.json"""


def run(job: Job) -> None:
    from pathlib import Path

    from diffinfo.errors import DataError
    from diffinfo.files import read_arrays, write_json, write_table
    from diffinfo.studies.measure import measure

    options = job.options
    arrays = read_arrays(options.data)
    if "x" not in arrays or not set(arrays) <= {"x", "y"}:
        raise DataError(f"{options.data}: holds {', '.join(arrays)}; needs x, and maybe y")
    denoiser = _denoiser(options)
    try:
        measured = measure(
            denoiser,
            arrays["x"],
            arrays.get("y"),
            classes=options.classes,
            draws=options.draws,
            lam_range=options.lam_range,
            seed=options.seed,
            block=options.block,
            report=job.meter("example"),
        )
    except ValueError as error:
        raise DataError(str(error)) from error
    if options.out:
        out = Path(options.out)
        write_table(out.with_suffix(".profile.csv"), measured.profile)
        write_table(out.with_suffix(".risk.csv"), measured.risk)
        write_json(out, measured.as_dict() | {"denoiser": options.denoiser, "seed": options.seed})
    print(measured)


def _denoiser(options):
    """The denoiser that the options name. Raises DataError."""
    import runpy

    from diffinfo.data.inputs import file_and_names
    from diffinfo.errors import DataError
    from diffinfo.process.adaptor import TABLE_CONVENTIONS, denoiser_from

    path, name = file_and_names(options.denoiser)
    if not path.is_file():
        raise DataError(f"--denoiser {options.denoiser}: no file {path}")
    if not name:
        raise DataError(f"--denoiser {options.denoiser}: name the function, as in {path}:D")
    try:
        found = runpy.run_path(str(path))
    except Exception as error:
        raise DataError(f"{path}: fails with {type(error).__name__}: {error}") from error
    if not callable(found.get(name)):
        functions = [key for key, value in found.items() if callable(value) and key[0] != "_"]
        raise DataError(f"{path}: has no function {name}; it has {', '.join(functions) or 'none'}")
    if options.convention is None:
        return found[name]
    more = {}
    if options.convention in TABLE_CONVENTIONS:
        more["alphas_cumprod"] = _alphas(options.alphas)
        more["integer_timesteps"] = options.integer_timesteps
    elif options.integer_timesteps:
        raise DataError(f"--integer-timesteps: {options.convention} has none")
    if options.convention == "flow":
        more["data_at"] = options.data_at
    return denoiser_from(found[name], options.convention, backend=options.backend, **more)


def _alphas(text: str):
    """DDPM's table of that name, or the one in a .npy file."""
    import numpy as np

    from diffinfo.errors import DataError
    from diffinfo.process.schedule import ddpm_alphas_cumprod

    if text in ("linear", "scaled_linear"):
        return ddpm_alphas_cumprod(text)
    try:
        return np.load(text, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"--alphas {text}: cannot be read as .npy ({error})") from error
