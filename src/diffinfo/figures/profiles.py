"""What figures share: reading tables of profiles and of cases, and the paper's splitting time."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from diffinfo.figures.style import COLOURS

TAU = 0.1  # in units of T: the paper divides perceptual from semantic there
_SPLIT = {"color": COLOURS["bound"], "linestyle": "--", "linewidth": 0.8}


def read_profiles(path) -> pd.DataFrame:
    """A table of profiles, with the middle of each stratum on both clocks (`s_mid`, `lam_mid`)."""
    table = pd.read_csv(path)
    for clock in ("s", "lam"):
        table[f"{clock}_mid"] = (table[f"{clock}_low"] + table[f"{clock}_high"]) / 2
    return table


def read_cases(path) -> pd.DataFrame:
    """A table of cases, without what the authors' grid gives, which has the same names."""
    table = pd.read_csv(path)
    return table[table["group"] != "linear_grid"]


def mark_split(axis: plt.Axes, at: float = TAU) -> None:
    """Draw the paper's splitting time, which is `at` on this axis."""
    axis.axvline(at, **_SPLIT)


def split_handle() -> Line2D:
    """What a legend shows of the splitting time."""
    return Line2D([], [], **_SPLIT, label=rf"split at $\tau = {TAU:g}\,T$")
