import numpy as np
import pytest

from diffinfo.process.schedule import VPSchedule


def test_log_snr_decreases_and_time_inverts_it():
    schedule = VPSchedule()
    s = np.concatenate([np.geomspace(1e-9, 1e-2, 50), np.linspace(0.02, 1, 50)])
    lam = schedule.log_snr(s)
    assert (np.diff(lam) < 0).all()
    np.testing.assert_allclose(schedule.time(lam), s, rtol=1e-10)


def test_known_cut_offs():
    # The design notes' table: s = 1e-5, 0.002, 0.01 are log-SNR 13.8, 8.37, 6.31.
    np.testing.assert_allclose(
        VPSchedule().log_snr([1e-5, 0.002, 0.01]), [13.8, 8.37, 6.31], atol=0.02
    )


def test_the_two_clocks_agree():
    # beta ds = -(1 - alpha) dlam, by central differences.
    schedule, s, h = VPSchedule(), np.linspace(0.05, 0.95, 19), 1e-6
    dlam = (schedule.log_snr(s + h) - schedule.log_snr(s - h)) / (2 * h)
    np.testing.assert_allclose(schedule.beta(s), -(1 - schedule.alpha(s)) * dlam, rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 3.0)])
def test_impossible_betas_are_named(low, high):
    with pytest.raises(ValueError, match="beta_min"):
        VPSchedule(low, high)
