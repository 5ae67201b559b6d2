"""Which images of many classes the figure of samples shows."""

import numpy as np

from diffinfo.figures.samples import shown


def test_few_classes_have_a_row_each_and_many_one_image_each():
    y = np.array([2, 0, 1, 0, 2, 1])
    order, rows = shown(y)
    assert rows == 3
    np.testing.assert_array_equal(y[order], [0, 0, 1, 1, 2, 2])
    many = np.random.default_rng(0).permutation(np.repeat(np.arange(200), 2))
    order, rows = shown(many)
    assert rows == 8
    assert len(set(many[order])) == len(order) == 40
    order, rows = shown(np.arange(13))
    assert (len(order), rows) == (13, 3)
