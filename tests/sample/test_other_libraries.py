"""What `diffinfo schedule --format` writes and `denoiser_from` reads, against the libraries
themselves, where they are installed (`pip install torch diffusers`): no weights are downloaded.
"""

import json

import numpy as np
import pytest

from diffinfo import denoiser_from, measure
from diffinfo.process.schedule import ddpm_alphas_cumprod
from diffinfo.sample.las import las, written_as

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")


@pytest.fixture(scope="module")
def schedule():
    # Within the noise levels of DDPM's time steps.
    alpha = ddpm_alphas_cumprod()
    snr = (alpha / (1 - alpha))[::-1]
    return las(snr, 16 / (1 + snr), 6)


def test_euler_visits_the_sigmas_and_ends_at_zero(schedule):
    euler = diffusers.EulerDiscreteScheduler()
    sigmas = json.loads(written_as(schedule, "diffusers"))
    euler.set_timesteps(sigmas=sigmas)
    np.testing.assert_allclose(euler.sigmas.numpy(), [*schedule.sigma[:-1], 0], rtol=1e-5)
    assert len(euler.timesteps) == 6


def test_flow_matching_appends_its_own_end(schedule):
    euler = diffusers.FlowMatchEulerDiscreteScheduler()
    sigmas = json.loads(written_as(schedule, "diffusers-flow"))
    euler.set_timesteps(sigmas=sigmas)
    np.testing.assert_allclose(euler.sigmas.numpy(), [*sigmas, 0], rtol=1e-5)


def test_ddpm_takes_the_time_steps(schedule):
    ddpm = diffusers.DDPMScheduler()
    steps = json.loads(written_as(schedule, "diffusers-timesteps", ddpm.alphas_cumprod.numpy()))
    ddpm.set_timesteps(timesteps=steps)
    assert ddpm.timesteps.tolist() == steps


def test_a_unet_from_scratch_is_measured():
    torch.manual_seed(0)
    unet = diffusers.UNet2DModel(
        sample_size=8,
        in_channels=1,
        out_channels=1,
        layers_per_block=1,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    ).eval()
    scheduler = diffusers.DDPMScheduler()

    def eps(x, t, y=None):
        return unet(x, t).sample

    denoiser = denoiser_from(
        eps,
        "eps",
        backend="torch",
        alphas_cumprod=scheduler.alphas_cumprod.numpy(),
        integer_timesteps=True,
    )
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 1, 8, 8)).astype(np.float32)
    measured = measure(denoiser, x, draws=8, risk_levels=4)
    assert np.isfinite(measured.s_nn.value)
    assert measured.s_nn.standard_error > 0
    # No field of standard normal data has a smaller risk than D / (1 + snr), least of all this one.
    best = 64 / (1 + measured.risk["snr"])
    assert (measured.risk["risk"] > best - 5 * measured.risk["standard_error"]).all()
    assert (measured.risk["risk"] > best).any()
