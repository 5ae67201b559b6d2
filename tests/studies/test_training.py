"""What is kept of a training: tables of the loss and the risk, and what it cost."""

import numpy as np
import pytest
from tests.studies.conftest import PROCESS, TRAIN

from diffinfo.config import complete
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.training import train_model


def test_tables_hold_every_step_and_the_later_half_of_the_risk(autoencoder, digits):
    history, risk, cost = autoencoder.history, autoencoder.risk, autoencoder.cost
    assert list(history) == ["step", "loss_reconstruction_nats", "loss_kl_semantic_nats"]
    assert history["step"].tolist() == list(range(1, 61))
    assert (cost["steps"], cost["best_step"]) == (60, 60)
    assert cost["seconds"] > 0
    assert risk["rows"].sum() == 30 * TRAIN["batch"]
    (low, high), lams = schedule_of(PROCESS)[1], np.log(risk["snr"])
    assert low < lams.min() < low + 1
    assert high - 1 < lams.max() < high
    # The risk falls from the variance of an image to nothing.
    variance = decoded(digits.x_train).var(0).sum()
    assert risk["risk"].iloc[0] == pytest.approx(variance, rel=0.1)
    assert risk["risk"].iloc[-1] < 0.1


def test_a_classifier_has_no_risk_curve_and_may_be_watched(digits):
    network = complete("network", {"classifier": {"channels": [4], "embedding": 4}})
    train = TRAIN | {"steps": 4, "validate_every": 2}
    settings = {"process": PROCESS, "network": network, "train": train}
    lines = []
    trained = train_model(digits, settings, 0, threads=2, report=lines.append)
    assert trained.risk is None
    assert trained.cost["threads"] == 2
    assert list(trained.history) == ["step", "loss_cross_entropy_nats", "held_out_loss"]
    assert trained.history["held_out_loss"].notna().tolist() == [False, True, False, True]
    assert lines[-1].startswith("4 steps; last losses in nats: cross_entropy")
