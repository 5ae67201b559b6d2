"""The papers' numbers beside ours, from a table of estimates made by hand."""

import numpy as np
import pandas as pd
import pytest

from diffinfo.cli import main
from diffinfo.errors import DataError
from diffinfo.files import write_table
from diffinfo.tables.replication import paper_numbers, replication, replication_as_markdown

ABOUT = {"seeds": 3, "examples": 1000, "split": "held out", "lam_max": 13.8}


def _write(folder, rows):
    columns = ["experiment", "group", "quantity", "value", "standard_error", "exact", "upper_bound"]
    table = pd.DataFrame(rows, columns=columns).assign(**ABOUT)
    table["half_width"] = 1.96 * table["standard_error"]
    write_table(folder / "tables" / "estimates.csv", table)
    return folder


@pytest.fixture
def results(tmp_path):
    information, none = "mutual_information", np.nan
    rows = [
        ["mnist", "entropy", "s_nn", 4478.8, 4.9, none, none],
        ["mnist-e", "entropy", "s_nn", 2000.0, 10.0, none, none],
        ["mnist", information, "squared_difference", 4.37, 0.05, none, 2.3],
        ["mnist", information, "classification_bound", 2.24, 0.01, none, 2.3],
        ["determinism-1", information, "squared_difference", 20.12, 0.04, 20.041, none],
        ["determinism-1", information, "entropy_difference", 18.0, 0.4, 20.041, none],
    ]
    return _write(tmp_path / "mnist-cpu", rows)


def test_verdicts_follow_from_the_numbers(results):
    table = replication([results])
    verdicts = table.set_index(["number", "experiment", "quantity"])["verdict"]
    gaussian = "I(X;Y) of the joint Gaussian"
    for number, experiment, quantity, verdict in (
        ("S_NN of MNIST", "mnist", "s_nn", "differs"),
        ("S_NN of MNIST", "mnist-e", "s_nn", "reproduced"),
        ("I(X;Y) of MNIST, squared difference", "mnist", "squared_difference", "differs"),
        ("I(X;Y) of MNIST", "mnist", "classification_bound", "better"),
        ("H(Y) of MNIST", "mnist", "", "reproduced"),
        ("S_NN of CIFAR-10", "cifar10", "s_nn", "no run"),
        (f"{gaussian}, truth", "determinism-1", "squared_difference", "reproduced"),
        (f"{gaussian}, squared difference", "determinism-1", "squared_difference", "better"),
        (f"{gaussian}, entropy difference", "determinism-1", "entropy_difference", "reproduced"),
    ):
        assert verdicts[number, experiment, quantity] == verdict, (number, quantity)


def test_every_number_has_a_line_and_the_later_folder_counts(results, tmp_path):
    later = _write(tmp_path / "later", [["mnist", "entropy", "s_nn", 2018.0, 5.0, np.nan, np.nan]])
    table = replication([results, later])
    assert len(table) == len(paper_numbers())
    row = table[(table["experiment"] == "mnist") & (table["quantity"] == "s_nn")].iloc[0]
    assert (row["ours"], row["config"], row["verdict"]) == (2018.0, "later", "reproduced")
    text = replication_as_markdown(table)
    assert "| 2018.0 ± 5.0 | reproduced | later, mnist s_nn; 3 seeds, 1,000 held out" in text
    assert text.count("| no run |") == (table["verdict"] == "no run").sum()


def test_toys_of_the_schedules_paper_are_beside_ours(results):
    columns = ["toy", "sampler", "schedule", "nfe", "quantity", "value", "standard_error"]
    toys = pd.DataFrame(
        [
            ["circle8", "DDIM", "LAS", 5, "nll", 1.96, 0.01, 0.02, 1.937],
            ["circle8", "DDIM", "EDM", 5, "nll", 7.29, 0.02, 0.04, 6.748],
            ["circle8", "data", "data", 0, "nll", 2.04, 0.01, 0.02, np.nan],
        ],
        columns=[*columns, "half_width", "published"],
    )
    write_table(results / "tables" / "fig23.csv", toys)
    table = replication([results])
    verdicts = table.loc[table["experiment"] == "circle8", "verdict"]
    assert verdicts.tolist() == ["differs", "differs"]
    assert len(table) == len(paper_numbers()) + 2


def test_the_command_writes_both_files_and_names_what_is_missing(results, tmp_path, capsys):
    out = tmp_path / "replication.csv"
    assert main(["replication", str(results), "--out", str(out)]) == 0
    assert "| better |" in out.with_suffix(".md").read_text()
    assert len(pd.read_csv(out)) == len(paper_numbers())
    assert main(["replication", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "estimates.csv: no such file" in capsys.readouterr().err
    with pytest.raises(DataError, match="no results folder"):
        replication([])
