"""Maps with exact fields and an exact posterior add up to the information about labels."""

import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.label_maps import label_maps

_, LAM_RANGE = schedule_of(complete("process", {}))


def test_maps_add_up_to_what_labels_tell(mixture):
    settings = complete("maps", {"images": 5, "edges": [-50, 0, 4, 50], "draws": 2000})
    result = label_maps(
        mixture.denoiser, mixture.log_posterior, mixture.dataset, LAM_RANGE, settings
    )
    np.testing.assert_array_equal(result.edges, [LAM_RANGE[0], 0, 4, LAM_RANGE[1]])
    np.testing.assert_array_equal(result.y, [0, 1, 2])
    np.testing.assert_array_equal(result.images, mixture.dataset.x_test[:3])
    assert result.maps.shape == (3, 3, 4, 4)
    # Classes never overlap: every image tells all of H(Y), and not just their mean.
    np.testing.assert_allclose(result.maps.sum((1, 2, 3)), np.log(3), rtol=0.15)
    assert result.maps.sum((1, 2, 3)).mean() == pytest.approx(np.log(3), rel=0.1)
    few = label_maps(
        mixture.denoiser,
        mixture.log_posterior,
        mixture.dataset,
        LAM_RANGE,
        settings | {"images": 2},
    )
    assert len(few.maps) == 2


def test_only_labelled_images_have_maps(mixture, vectors):
    with pytest.raises(DataError, match="labelled images"):
        label_maps(mixture.denoiser, mixture.log_posterior, vectors, LAM_RANGE, {})
