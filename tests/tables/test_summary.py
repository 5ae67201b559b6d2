"""The summary over data sets, from tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from diffinfo.cli import main
from diffinfo.errors import DataError
from diffinfo.files import write_table
from diffinfo.process.schedule import VPSchedule
from diffinfo.tables.summary import summary, summary_as_markdown

EDGES = np.linspace(*VPSchedule().log_snr_range(1e-5), 401)


def _profile(quantity, rate):
    """A profile of that rate in nats per unit of log-SNR, a function of log-SNR."""
    amount = rate((EDGES[:-1] + EDGES[1:]) / 2) * np.diff(EDGES)
    error = 0.01 * np.sqrt(np.diff(EDGES))
    return pd.DataFrame(
        {
            "experiment": "model",
            "quantity": quantity,
            "dimension": 4,
            "lam_low": EDGES[:-1],
            "lam_high": EDGES[1:],
            "s_low": VPSchedule().time(EDGES[1:]),
            "produced": amount[::-1].cumsum()[::-1],
            "produced_se": np.sqrt((error**2)[::-1].cumsum()[::-1]),
            "remaining": amount.cumsum(),
            "remaining_se": np.sqrt((error**2).cumsum()),
        }
    )


@pytest.fixture
def results(tmp_path):
    tables = tmp_path / "results" / "tables"
    profile = [
        _profile("s_nn", lambda lam: 2.0 + 0 * lam),
        _profile("classifier", lambda lam: lam < 0),
    ]
    write_table(tables / "fig16.csv", pd.concat(profile))
    columns = ["experiment", "quantity", "value", "standard_error", "kind", "data"]
    likelihoods = pd.DataFrame(
        [
            ["model", "bits_per_dimension", 1.5, 0.01, "measured", "mnist", 1.5],
            [np.nan, np.nan, np.nan, np.nan, "published", "mnist", 0.97],
            [np.nan, np.nan, np.nan, np.nan, "published", "mnist", 1.06],
        ],
        columns=[*columns, "bits_per_dimension"],
    )
    write_table(tables / "fig21.csv", likelihoods)
    estimates = pd.DataFrame(
        [
            ["likelihood", "total_correlation", 20.0, 0.5, np.nan],
            ["bits_per_dimension", "bits_per_dimension", 1.5, 0.01, np.nan],
            ["mutual_information", "classification_bound", 2.2, 0.02, 2.3],
            ["mutual_information", "squared_difference", 4.4, 0.1, 2.3],
            ["linear_grid", "squared_difference", 99.0, 9.0, 2.3],
        ],
        columns=["group", "quantity", "value", "standard_error", "upper_bound"],
    )
    write_table(
        tables / "estimates.csv",
        estimates.assign(experiment="model", seeds=3, examples=1000, split="held out"),
    )
    return tmp_path / "results"


def test_numbers_and_verdict(results):
    table = summary([results])
    of = table.set_index("quantity")["value"]
    schedule = VPSchedule()
    for s in (1e-2, 1e-3, 1e-5):
        exact = 2.0 * (schedule.log_snr(s) - EDGES[0]) / 4
        assert of[f"s_nn_per_dimension_{s:g}"] == pytest.approx(exact, rel=1e-6)
    split = schedule.log_snr(0.1)
    assert of["early_share_s_nn"] == pytest.approx((EDGES[-1] - split) / (EDGES[-1] - EDGES[0]))
    assert of["early_share_information"] == 0, "all of it lies below log-SNR 0, later than tau"
    assert of["information_squared"] == 4.4, "not that of the linear grid"
    assert of["bits_per_dimension_published"] == 0.97
    assert set(table["seeds"]) == {3}
    text = summary_as_markdown(table)
    assert "| mnist (results, model) | 4 |" in text
    assert "| 20.00 ± 0.50 | 1.500 ± 0.010 | 0.97 | 2.3 | 2.200 ± 0.020 |" in text
    assert "yes, by" in text


def test_where_information_is_early_the_thesis_fails(results):
    profile = [
        _profile("s_nn", lambda lam: 2.0 + 0 * lam),
        _profile("classifier", lambda lam: lam > 4),
    ]
    write_table(results / "tables" / "fig16.csv", pd.concat(profile))
    assert "| no, by" in summary_as_markdown(summary([results]))


def test_codes_come_from_the_table_of_separation(results, tmp_path, capsys):
    rows = [
        [tau, f"classification_bound_{latent}", value, 0.05, "mnist"]
        for tau, latent, value in (
            (0.1, "semantic", 1.9),
            (0.1, "perceptual", 0.2),
            (0.5, "semantic", 0.0),
        )
    ]
    columns = ["tau", "quantity", "value", "standard_error", "data"]
    write_table(results / "tables" / "separation.csv", pd.DataFrame(rows, columns=columns))
    assert main(["summary", str(results), "--out", str(tmp_path / "summary.csv")]) == 0
    assert "| 1.900 ± 0.050 | 0.200 ± 0.050 |" in capsys.readouterr().out
    assert (tmp_path / "summary.md").read_text().startswith("| data | D |")
    table = pd.read_csv(tmp_path / "summary.csv")
    assert table.set_index("quantity").loc["semantic_code", "value"] == 1.9


def test_what_is_missing_is_named(results):
    (results / "tables" / "fig16.csv").unlink()
    with pytest.raises(DataError, match=r"fig16\.csv: no such file"):
        summary([results])
