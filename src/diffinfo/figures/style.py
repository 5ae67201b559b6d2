"""One look for every figure: column widths, colours that colour-blind readers can tell apart, and
files (vector and PNG) that have the same bytes for the same data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import seaborn as sns

from diffinfo.files import write_atomic

COLUMN, PAGE = 3.4, 7.0  # inches
_PALETTE = sns.color_palette("colorblind")
COLOURS = {
    "unconditional": _PALETTE[0],
    "conditional": _PALETTE[1],
    "information": _PALETTE[2],
    "bound": _PALETTE[3],
}
# Closed forms are drawn over what they check.
EXACT = {"color": "black", "linestyle": (0, (4, 3)), "linewidth": 0.8, "zorder": 3}
OTHERS = [_PALETTE[i] for i in (4, 5, 7, 9)]


def use_style() -> None:
    """Set fonts, lines and reproducible output for what is drawn next."""
    sns.set_theme(context="paper", style="ticks", font_scale=0.9)
    plt.rcParams.update(
        {
            "svg.hashsalt": "diffinfo",
            "pdf.fonttype": 42,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "legend.frameon": False,
            "legend.fontsize": "small",
            "lines.linewidth": 1.2,
        }
    )


_description: ContextVar[dict[str, str]] = ContextVar("description", default={})  # noqa: B039


@contextmanager
def described(**description: str) -> Iterator[None]:
    """Figures that are saved within say this of themselves in their metadata: the keys that PDF
    knows, `Title`, `Subject`, `Keywords`. None stays open, also if it could not be finished.
    """
    token = _description.set(description)
    try:
        yield
    finally:
        _description.reset(token)
        plt.close("all")


def save(figure: plt.Figure, out: str | Path) -> None:
    """Write `out` (.pdf or .svg) and a PNG of 200 dpi beside it, without time stamps."""
    out, known = Path(out), _description.get()
    in_svg = {"Title": "Title", "Subject": "Description", "Keywords": "Keywords"}
    metadata = {
        ".pdf": {"CreationDate": None} | known,
        ".svg": {"Date": None} | {in_svg[key]: value for key, value in known.items()},
        ".png": {"Software": None} | known,
    }
    for path in (out, out.with_suffix(".png")):
        write_atomic(
            path,
            lambda stream, path=path: figure.savefig(
                stream,
                format=path.suffix[1:],
                dpi=200,
                metadata=metadata[path.suffix],
                bbox_inches="tight",
            ),
        )
    plt.close(figure)


def band(axis: plt.Axes, x, y, half_width, **line) -> None:
    """Draw a line with a band of `half_width` to either side."""
    (drawn,) = axis.plot(x, y, **line)
    axis.fill_between(
        x, y - half_width, y + half_width, color=drawn.get_color(), alpha=0.25, linewidth=0
    )
