import jax
import numpy as np

from diffinfo.process.density import LevelDensity
from diffinfo.process.schedule import VPSchedule


def test_samples_stay_in_range_and_density_integrates_to_the_range():
    density = LevelDensity.of(-8.0, 14.0, center=1.5, scale=3.0, uniform=0.3)
    lam, value = density.sample(jax.random.key(0), 4096)
    assert lam.min() >= -8.0
    assert lam.max() <= 14.0
    # E[1 / density] is the length of the axis, and E[f / density] any integral.
    np.testing.assert_allclose(np.mean(1 / value), 22.0, rtol=2e-3)
    np.testing.assert_allclose(np.mean(lam / value), (14.0**2 - 8.0**2) / 2, rtol=5e-3)
    assert value.min() >= 0.3 / 22.0 * 0.99


def test_levels_even_in_time():
    """The rule of the authors: times are even in [s_min, 1], and the axis is still integrated."""
    schedule = VPSchedule()
    low, high = schedule.log_snr_range(1e-5)
    density = LevelDensity.of_times(schedule, low, high)
    lam, value = density.sample(jax.random.key(0), 1 << 14)
    times = np.sort(schedule.time(np.asarray(lam)))
    np.testing.assert_allclose(times, (np.arange(1 << 14) + 0.5) / (1 << 14), atol=5e-4)
    np.testing.assert_allclose(np.mean(1 / value), high - low, rtol=1e-3)
