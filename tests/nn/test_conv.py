import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from diffinfo.nn.conv import Conv3x3, _kernel_gradient_on_cpu, _kernel_gradient_plain, convolve


@pytest.mark.parametrize("shape", [(2, 5, 4, 3), (1, 1, 1, 2), (3, 8, 8, 1)])
@pytest.mark.parametrize("outputs", [4, 5])  # few, and more
def test_same_function_and_gradients_as_the_librarys_convolution(shape, outputs):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(shape), rng.standard_normal((*shape[:3], outputs))
    library = nnx.Conv(shape[-1], outputs, (3, 3), rngs=nnx.Rngs(0))
    ours = Conv3x3(shape[-1], outputs, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(ours.kernel[...], library.kernel[...])
    np.testing.assert_allclose(ours(x), library(x), atol=1e-5)

    def plain(x, kernel):
        return jnp.sum(
            weight
            * jax.lax.conv_general_dilated(
                x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
        )

    x, kernel = jnp.asarray(x, jnp.float32), ours.kernel[...]
    expected = jax.grad(plain, (0, 1))(x, kernel)
    gradients = jax.grad(lambda x, kernel: jnp.sum(weight * convolve(x, kernel)), (0, 1))(x, kernel)
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)
    gradient = jnp.asarray(weight, jnp.float32)
    np.testing.assert_allclose(
        _kernel_gradient_on_cpu(x, gradient),
        _kernel_gradient_plain(x, gradient),
        atol=2e-5,
        err_msg="CPU and others",
    )
