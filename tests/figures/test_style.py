import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.style import band, save, use_style


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        use_style()
        figure, axis = plt.subplots()
        x = np.linspace(0, 1, 9)
        band(axis, x, x**2, 0.1 + 0 * x, label="curve")
        save(figure, tmp_path / f"{name}.pdf")
    for suffix in (".pdf", ".png"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert not plt.get_fignums()
