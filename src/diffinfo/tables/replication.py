"""Every number that the papers print beside ours, from the published tables of results folders."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import in_words
from diffinfo.files import read_table

_KEPT = ("seeds", "examples", "split", "lam_max")
READ = ["experiment", "group", "quantity", "value", "standard_error", "half_width", "exact"]
READ += ["upper_bound", *_KEPT]
_TOYS = "fig23"
_CLOSE = 0.01  # two numbers that differ by less than this share are one


def paper_numbers() -> pd.DataFrame:
    """Return what the papers print, one number a row: `number`, the `data` set, its `source`,
    `value` and `unit`.

    Then where ours is found, the `experiment`, `group` and `quantity` of the table of estimates,
    all empty for what is not run here, and what there is to say `about` it.
    """
    table = pd.read_csv(Path(__file__).with_name("paper_numbers.csv"), keep_default_na=False)
    return table.astype({"value": float})


def _found(row: pd.Series, estimates: pd.DataFrame) -> dict | None:
    """Our number that stands beside one of a paper's, or None."""
    of = estimates[estimates["experiment"] == row["experiment"]]
    if row["group"] == "label_entropy":
        of = of[of["upper_bound"].notna()]
        column, error = "upper_bound", 0.0
    elif row["group"] == "exact":
        of = of[(of["quantity"] == row["quantity"]) & (of["group"] == "mutual_information")]
        column, error = "exact", 0.0
    else:
        of = of[(of["quantity"] == row["quantity"]) & (of["group"] == row["group"])]
        column, error = "value", None
    if of.empty or np.isnan(of[column].iloc[-1]):
        return None
    ours = of.iloc[-1]
    kept = {name: ours[name] for name in _KEPT}
    errors = {
        name: ours[name] if error is None else error for name in ("standard_error", "half_width")
    }
    bound = ours["upper_bound"] if row["group"] == "mutual_information" else np.nan
    limits = {"truth": ours["exact"], "at_most": bound}
    return {"config": ours["config"], "ours": ours[column], **errors, **kept, **limits}


def _toys(folder: Path) -> list[dict]:
    """The table of a schedules' paper on toy mixtures beside ours, where the folder has it."""
    path = folder / "tables" / f"{_TOYS}.csv"
    if not path.is_file():
        return []
    table = read_table(path)
    rows = []
    for row in table[table["published"].notna()].to_dict("records"):
        way = f"{row['sampler']} on {row['schedule']} in {row['nfe']} evaluations"
        found = {"config": folder.resolve().name, "ours": row["value"], "seeds": np.nan}
        found |= {name: row[name] for name in ("standard_error", "half_width")}
        found |= {"truth": np.nan, "at_most": np.nan}
        rows.append(
            {
                "number": f"negative log-likelihood of samples, {row['toy']}, {way}",
                "source": "arXiv 2601.21943, tables of its appendix",
                "value": row["published"],
                "unit": "nats",
                "experiment": row["toy"],
                "quantity": "nll",
                "about": "exact denoisers; what the schedules leave open is fitted to these",
                **found,
                "verdict": _verdict(row["published"], found),
            }
        )
    return rows


def _verdict(theirs: float, found: dict) -> str:
    """`better`: closer to what is known exactly, or within a bound that theirs exceeds;
    `reproduced`: equal within a hundredth or our 95 % interval; else `differs`.
    """
    ours, half_width = found["ours"], found["half_width"]
    if abs(ours - theirs) <= max(_CLOSE * abs(theirs), half_width):
        return "reproduced"
    truth, at_most = found["truth"], found["at_most"]
    if not np.isnan(truth) and abs(ours - truth) + half_width < abs(theirs - truth):
        return "better"
    if not np.isnan(at_most) and ours <= at_most < theirs:
        return "better"
    return "differs"


def replication(folders: Sequence[Path]) -> pd.DataFrame:
    """Every number of `paper_numbers` beside ours of the last of the folders that has it.

    Columns are those of the papers' numbers and `config`, `ours`, its `standard_error` and
    `half_width` of the 95 % interval, seeds, examples, split and largest log-SNR, `truth` or
    `at_most` where one is known, and a `verdict` (`_verdict`, or `no run`).

    Raises: DataError, naming the file, for a folder without a table of estimates.
    """
    frames = []
    for folder in map(Path, folders):
        frame = read_table(folder / "tables" / "estimates.csv", READ)
        frames.append(frame.assign(config=folder.resolve().name))
    if not frames:
        raise DataError("no results folder is given")
    estimates = pd.concat(frames, ignore_index=True)
    rows = []
    for _, row in paper_numbers().iterrows():
        found = _found(row, estimates) if row["experiment"] else None
        verdict = _verdict(row["value"], found) if found else "no run"
        rows.append(row.to_dict() | (found or {}) | {"verdict": verdict})
    for folder in folders:
        rows += _toys(Path(folder))
    return pd.DataFrame(rows)


def replication_as_markdown(table: pd.DataFrame) -> str:
    """The table for reading."""
    header = ["number", "printed", "ours", "verdict", "where", "about"]
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for row in table.to_dict("records"):
        ours, where = "", ""
        if row["verdict"] != "no run":
            error = row["standard_error"]
            ours = in_words(row["ours"], error) if error > 0 else f"{row['ours']:.3f}"
            known = {"truth": "truth", "at_most": "at most"}
            said = [f"{w} {row[k]:.4g}" for k, w in known.items() if not np.isnan(row[k])]
            ours += f" ({', '.join(said)})" if said and error > 0 else ""
            where = f"{row['config']}, {row['experiment']} {row['quantity']}".strip()
            if not np.isnan(row["seeds"]):
                where += f"; {row['seeds']:.0f} seed{'s' if row['seeds'] > 1 else ''}, "
                where += f"{row['examples']:,.0f} {row['split']}, log-SNR to {row['lam_max']:.1f}"
        cells = [row["number"], f"{row['value']:g} ({row['source']})", ours, row["verdict"]]
        lines.append(f"| {' | '.join([*cells, where, row['about']])} |")
    note = (
        "*reproduced*: within 1 % or our 95 % interval; *better*: closer to the exact value, or "
        "within a bound that the printed number exceeds; *differs* otherwise, for the reason said. "
        "± is one standard error."
    )
    return "\n".join([*lines, "", note, ""])
