"""The noise levels that a sampler of few steps should visit, from the training loss of any
diffusion model (LAS).

The curve is a CSV with columns `snr` and `risk`: for each signal-to-noise ratio alpha / (1 -
alpha), increasing, the mean of |x - x_hat|^2 summed over the entries of an example (a loss on eps
is snr times as large: risk = loss / snr). Its first and last rows are where sampling starts and
ends. Printed, from the noisiest level to the cleanest: step, snr, log_snr, sigma (for k-diffusion:
snr^-1/2, x = data + sigma noise) and timestep (for diffusers: the nearest of 1000 DDPM steps).

--format writes what a sampler takes instead: a list of sigmas for diffusers' Euler schedulers
(--final-zero no: for those that append their own end, EDM-Euler and UniPC), of time steps for its
DDPM, DPM-Solver, Heun and LCM, of flow matching's sigmas, for k-diffusion, or, between commas, for
ComfyUI.
"""

from diffinfo.stages.contract import Job, Option, real, whole

LAMBDA = (
    "saturation of the SNR axis, snr / (1 + lambda snr): larger ones spend fewer steps on clean "
    "levels (default 0.05)"
)
RHO = "penalty for uneven steps in log-SNR (default 0: none, exact)"
BETAS = ("linear", "scaled_linear")
FORMATS = ("csv", "diffusers", "diffusers-timesteps", "diffusers-flow", "k-diffusion", "comfy")
ZERO = "end the list with 0 (default: yes for diffusers, k-diffusion, comfy)"
OPTIONS = (
    Option(
        "--risk",
        {"required": True, "help": "the .csv of the risk curve: columns snr, risk"},
        reads=True,
    ),
    Option("--steps", {"type": whole(1), "required": True, "help": "how many the sampler takes"}),
    Option("--lambda", {"dest": "saturation", "type": real(0), "default": 0.05, "help": LAMBDA}),
    Option("--rho", {"type": real(0), "default": 0.0, "help": RHO}),
    Option("--betas", {"choices": BETAS, "default": "linear", "help": "which DDPM time steps"}),
    Option("--format", {"choices": FORMATS, "default": "csv", "help": "(default csv)"}),
    Option("--final-zero", {"choices": ("yes", "no"), "help": ZERO}),
    Option("--out", {"help": "the file to write (default: standard output)"}, writes=("",)),
)
EXAMPLES = """\
  diffinfo schedule --risk model.risk.csv --steps 10 --lambda 0.05
  diffinfo schedule --risk model.risk.csv --steps 10 --rho 0.01 --betas scaled_linear \\
      --out schedule.csv
  diffinfo schedule --risk model.risk.csv --steps 8 --format k-diffusion"""


def run(job: Job) -> None:
    import numpy as np
    import pandas as pd

    from diffinfo.errors import DataError
    from diffinfo.files import read_table, write_bytes, write_table
    from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha
    from diffinfo.sample.las import las, written_as

    options = job.options
    curve = read_table(options.risk, ("snr", "risk")).apply(pd.to_numeric, errors="coerce")
    try:
        schedule = las(curve["snr"], curve["risk"], options.steps, options.saturation, options.rho)
    except DataError as error:
        raise DataError(f"{options.risk}: {error}") from error
    alphas = ddpm_alphas_cumprod(options.betas)
    known = log_snr_of_alpha(alphas)  # falls with the time step
    if schedule.log_snr[0] < known[-1] - 0.1 or schedule.log_snr[-1] > known[0] + 0.1:
        job.report(f"levels outside those of --betas {options.betas} have its first or last step")
    if options.format != "csv":
        zero = {"yes": True, "no": False}.get(options.final_zero)
        text = written_as(schedule, options.format, alphas, zero) + "\n"
        if options.out:
            write_bytes(options.out, text.encode())
        print(f"{options.out}: {options.steps} steps\n" if options.out else text, end="")
        return
    table = pd.DataFrame(
        {
            "step": np.arange(options.steps + 1),
            "snr": schedule.snr,
            "log_snr": schedule.log_snr,
            "sigma": schedule.sigma,
            "timestep": schedule.timesteps(alphas),
        }
    )
    if options.out:
        write_table(options.out, table)
        print(f"{options.out}: {options.steps} steps")
    else:
        print(table.to_csv(index=False, float_format="%.8g"), end="")
