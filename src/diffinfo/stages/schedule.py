"""The noise levels that a sampler of few steps should visit, from the training loss of any
diffusion model (LAS).
"""

import argparse

EXAMPLE = """examples:
  diffinfo schedule --risk curve.csv --steps 10 --lambda 0.05
  diffinfo schedule --risk curve.csv --steps 10 --lambda 0.05 --rho 0.01 --betas scaled_linear --out schedule.csv

The curve is a CSV with columns `snr` and `risk`: for each signal-to-noise ratio alpha / (1 - alpha), increasing, the mean of
|x - x_hat|^2 summed over the entries of an example (a loss on eps is snr times as large: risk = loss / snr). Its first and last
rows are where sampling starts and ends. Printed, from the noisiest level to the cleanest: step, snr, log_snr, sigma (for
k-diffusion: snr^-1/2, x = data + sigma noise) and timestep (for diffusers: the nearest of 1000 DDPM steps)."""

# beta of DDPM's 1000 time steps, as diffusers names and defines them.
BETAS = {"linear": (1e-4, 0.02, 1.0), "scaled_linear": (0.00085, 0.012, 0.5)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--risk", required=True, help="the .csv of the risk curve: columns snr, risk"
    )
    parser.add_argument("--steps", type=int, required=True, help="how many steps the sampler takes")
    parser.add_argument(
        "--lambda",
        dest="saturation",
        type=float,
        default=0.05,
        help="saturation of the SNR axis, snr / (1 + lambda snr): larger ones spend fewer steps on clean levels (default 0.05)",
    )
    parser.add_argument(
        "--rho",
        type=float,
        default=0.0,
        help="penalty for uneven steps in log-SNR (default 0: none, exact)",
    )
    parser.add_argument(
        "--betas",
        choices=list(BETAS),
        default="linear",
        help="which DDPM time steps (default linear)",
    )
    parser.add_argument("--out", help="the .csv to write (default: standard output)")


def run(args: argparse.Namespace) -> None:
    import sys

    import numpy as np
    import pandas as pd

    from diffinfo.errors import DataError
    from diffinfo.files import write_table
    from diffinfo.sample.las import las

    try:
        curve = pd.read_csv(args.risk)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{args.risk}: not a CSV ({error})") from error
    missing = {"snr", "risk"} - set(curve.columns)
    if missing:
        raise DataError(
            f"{args.risk}: no column {', '.join(sorted(missing))}; it has {', '.join(curve.columns)}"
        )
    values = curve[["snr", "risk"]].apply(pd.to_numeric, errors="coerce")
    try:
        rows = las(values["snr"], values["risk"], args.steps, args.saturation, args.rho)
    except DataError as error:
        raise DataError(f"{args.risk}: {error}") from error
    snr = values["snr"].to_numpy()[rows]
    first, last, power = BETAS[args.betas]
    alpha = np.cumprod(1 - np.linspace(first**power, last**power, 1000) ** (1 / power))
    known = np.log(alpha) - np.log1p(-alpha)  # falls with the time step
    timestep = np.abs(known[None] - np.log(snr)[:, None]).argmin(1)
    if np.log(snr[0]) < known[-1] - 0.1 or np.log(snr[-1]) > known[0] + 0.1:
        print(
            f"levels outside those of --betas {args.betas} have its first or last time step",
            file=sys.stderr,
        )
    table = pd.DataFrame(
        {"step": np.arange(len(snr)), "snr": snr, "log_snr": np.log(snr), "sigma": snr**-0.5}
    )
    table["timestep"] = timestep
    if args.out:
        write_table(args.out, table)
        print(f"{args.out}: {args.steps} steps")
    else:
        print(table.to_csv(index=False, float_format="%.8g"), end="")
