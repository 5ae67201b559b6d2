"""Pairs (X, Y) of known mutual information, in nats, on which an estimator for everybody's data
is judged.

It holds multinormals, Student's t and bimodal mixtures, and maps that change no information but
everything else: monotone maps of single coordinates, spirals, and curves rolled up in more
dimensions. (The suite is in the spirit of Czyz et al., "Beyond Normal: On the Evaluation of Mutual
Information Estimators", 2023.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import digamma, entr, gammaln, ndtr
from scipy.stats import norm

Sampler = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class KnownPair:
    """A joint law: `sample(n, rng)` gives x `(n, D_X)` and y `(n, D_Y)`, float64, and `truth` is
    I(X;Y) in nats.
    """

    name: str
    sample: Sampler
    truth: float

    def mapped(self, name: str, of_x: Callable, of_y: Callable | None = None) -> "KnownPair":
        """The pair after an invertible map of x and one of y, by default the same map; the
        information stays.
        """

        def sample(n, rng):
            x, y = self.sample(n, rng)
            return of_x(x), (of_y or of_x)(y)

        return KnownPair(f"{name}{' x' if of_y else ''} of {self.name}", sample, self.truth)


def _log_det(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1])


def _dispersion(kind: str, dim_x: int, dim_y: int, strength: float) -> np.ndarray:
    """A correlation matrix: in a `dense` one every two coordinates correlate by `strength`, in a
    `sparse` one only the first two of x with the first two of y.
    """
    size = dim_x + dim_y
    if kind == "dense":
        return strength * np.ones((size, size)) + (1 - strength) * np.eye(size)
    matrix = np.eye(size)
    for i in range(min(2, dim_x, dim_y)):
        matrix[i, dim_x + i] = matrix[dim_x + i, i] = strength
    return matrix


def multinormal(kind: str, dim_x: int, dim_y: int, strength: float) -> KnownPair:
    """A Gaussian pair with unit variances, whose `kind` is "dense" or "sparse": every two
    coordinates correlate by `strength`, or only the first two of x with the first two of y.
    """
    cov = _dispersion(kind, dim_x, dim_y, strength)
    root = np.linalg.cholesky(cov)

    def sample(n, rng):
        both = rng.standard_normal((n, dim_x + dim_y)) @ root.T
        return both[:, :dim_x], both[:, dim_x:]

    truth = 0.5 * (_log_det(cov[:dim_x, :dim_x]) + _log_det(cov[dim_x:, dim_x:]) - _log_det(cov))
    return KnownPair(f"{kind} {dim_x}+{dim_y}, {strength:g}", sample, truth)


def student(kind: str, dim_x: int, dim_y: int, strength: float, dof: float) -> KnownPair:
    """Multivariate Student's t: a multinormal divided by one common chi. Even when uncorrelated, x
    and y share that scale.
    """
    normal = multinormal(kind, dim_x, dim_y, strength)

    def sample(n, rng):
        x, y = normal.sample(n, rng)
        scale = np.sqrt(dof / rng.chisquare(dof, (n, 1)))
        return x * scale, y * scale

    # This is the part of a t distribution's entropy that the dispersion does not enter, for
    # k = dof + dimension; k = dof gives that of the normaliser.
    def f(k):
        return gammaln(k / 2) - k / 2 * digamma(k / 2)

    scale_part = f(dof) + f(dof + dim_x + dim_y) - f(dof + dim_x) - f(dof + dim_y)
    return KnownPair(f"t{dof:g} {normal.name}", sample, normal.truth + float(scale_part))


def bimodal(dim: int, separation: float, noise: float) -> KnownPair:
    """A pair of `dim` independent coordinates x = +-separation/2 + N(0, 1), y = x + noise N(0, 1);
    its truth is by quadrature.
    """

    def sample(n, rng):
        x = separation * (rng.integers(0, 2, (n, dim)) - 0.5) + rng.standard_normal((n, dim))
        return x, x + noise * rng.standard_normal((n, dim))

    spread = np.sqrt(1 + noise**2)

    def minus_p_log_p(y):
        log_p = np.logaddexp(
            norm.logpdf(y, -separation / 2, spread), norm.logpdf(y, separation / 2, spread)
        ) - np.log(2)
        return -np.exp(log_p) * log_p

    edge = separation / 2 + 12 * spread
    entropy = quad(
        minus_p_log_p, -edge, edge, limit=400, points=[-separation / 2, 0, separation / 2]
    )[0]
    return KnownPair(
        f"bimodal {dim}+{dim}", sample, dim * (entropy - 0.5 * np.log(2 * np.pi * np.e * noise**2))
    )


def added_uniform(width: float) -> KnownPair:
    """x uniform on [0, 1], y = x + noise that is uniform, too, with this width."""

    def sample(n, rng):
        x, noise = rng.random((2, n, 1))
        return x, x + width * (noise - 0.5)

    truth = width / 2 - np.log(width) if width <= 1 else 1 / (2 * width)
    return KnownPair(f"added uniform 1+1, {width:g}", sample, truth)


def gamma_exponential(shape: float) -> KnownPair:
    """x of a gamma law of this shape, y exponential with the rate x."""

    def sample(n, rng):
        x = rng.gamma(shape, size=(n, 1))
        return x, rng.exponential(1 / x)

    return KnownPair(
        f"gamma exponential 1+1, {shape:g}", sample, float(digamma(shape + 1) - np.log(shape))
    )


def independent(dim: int) -> KnownPair:
    """A normal x and a skewed, heavy-tailed y that know nothing of each other."""

    def sample(n, rng):
        return rng.standard_normal((n, dim)), np.exp(rng.standard_normal((n, dim)))

    return KnownPair(f"independent {dim}+{dim}", sample, 0.0)


def monotone(values: np.ndarray) -> np.ndarray:
    """Map each coordinate in turn by another strictly monotone map of another scale."""
    maps = (
        np.sinh,
        lambda v: 1e4 * ndtr(v),
        lambda v: np.exp(1.5 * v),
        lambda v: 1e-3 * v**3,
        np.arcsinh,
    )
    return np.stack([maps[i % len(maps)](column) for i, column in enumerate(values.T)], axis=1)


def spiralled(values: np.ndarray) -> np.ndarray:
    """Rotate the first two coordinates by an angle that grows with the squared distance from the
    centre.
    """
    angle = np.sum(values**2, axis=1) / 3
    out = values.copy()
    out[:, 0] = np.cos(angle) * values[:, 0] - np.sin(angle) * values[:, 1]
    out[:, 1] = np.sin(angle) * values[:, 0] + np.cos(angle) * values[:, 1]
    return out


def rolled(values: np.ndarray) -> np.ndarray:
    """Make two coordinates of each, along a rolled-up sheet (Swiss roll): `(n, D) -> (n, 2 D)`."""
    along = 1.5 * np.pi * (1 + 2 * ndtr(values))
    return np.concatenate([along * np.cos(along), along * np.sin(along)], axis=1) / 21


def helix(values: np.ndarray) -> np.ndarray:
    """Make three coordinates of each, along a helix: `(n, D) -> (n, 3 D)`."""
    along = 4 * values
    return np.concatenate([np.cos(along), np.sin(along), 0.1 * along], axis=1)


def unchanged(values: np.ndarray) -> np.ndarray:
    """Leave the values as they are."""
    return values


def suite() -> list[KnownPair]:
    """The pairs of the benchmark: dimensions 1 to 50, mapped and not."""
    sparse, dense = (
        (lambda d: multinormal("sparse", d, d, 0.8)),
        (lambda d: multinormal("dense", d, d, 0.5)),
    )
    return [
        *[independent(d) for d in (1, 2, 10, 50)],
        sparse(1),
        sparse(1).mapped("monotone", monotone),
        multinormal("sparse", 1, 1, 0.999),
        bimodal(1, 6.0, 0.5),
        bimodal(3, 6.0, 1.0),
        student("sparse", 1, 1, 0.0, 1),
        student("sparse", 1, 1, 0.8, 1),
        student("sparse", 2, 2, 0.0, 1),
        student("sparse", 3, 3, 0.0, 2),
        student("sparse", 5, 5, 0.0, 1),
        student("dense", 5, 5, 0.5, 2),
        sparse(1).mapped("rolled", rolled, unchanged),
        sparse(1).mapped("rolled", rolled),
        sparse(1).mapped("helix", helix, unchanged),
        sparse(3).mapped("spiralled", spiralled),
        sparse(5).mapped("spiralled", spiralled, unchanged),
        sparse(5).mapped("monotone", monotone),
        dense(5),
        dense(25).mapped("monotone", monotone),
        sparse(25),
        dense(50),
        sparse(50),
        sparse(50).mapped("monotone", monotone),
        student("sparse", 25, 25, 0.8, 3),
        student("dense", 50, 50, 0.5, 1),
        added_uniform(0.2),
        added_uniform(1.5),
        gamma_exponential(1.0),
        gamma_exponential(5.0),
        dense(2),
        student("sparse", 3, 3, 0.8, 3),
        sparse(25).mapped("spiralled", spiralled),
    ]


def _latents(n: int, dim: int, information: float, rng: np.random.Generator) -> np.ndarray:
    """Uniform latents of both sides, `(2, n, dim)`, whose normal scores correlate pairwise."""
    rho = np.sqrt(-np.expm1(-2 * information / dim))
    x, noise = rng.standard_normal((2, n, dim))
    return ndtr(np.stack([x, rho * x + np.sqrt(1 - rho**2) * noise]))


def bumps(information: float, side: int = 16) -> KnownPair:
    """Pairs of pictures `(n, side, side)` of a Gaussian bump each, whose places are correlated.

    A picture tells its place and nothing else, so I(X;Y) is that of the places.
    """
    grid = np.linspace(0, 1, side)

    def drawn(places):
        along = np.exp(-np.square(grid - places[:, :, None]) / (2 * 0.2**2))
        return np.einsum("ni,nj->nij", along[:, 0], along[:, 1])

    def sample(n, rng):
        x, y = _latents(n, 2, information, rng)
        return drawn(x), drawn(y)

    return KnownPair(f"bumps {side}x{side}, {information:g} nats", sample, information)


def rectangles(information: float, side: int = 16, smallest: float = 0.2) -> KnownPair:
    """Pairs of pictures `(n, side, side)` of a rectangle each, whose four edges are correlated.

    Pixels are as bright as the share of them that the rectangle covers; its sides are `smallest` or
    more of the picture's, so that both edges can be read off it, and I(X;Y) is that of the edges.
    """
    pixel = np.arange(side)

    def covered(u, v):
        low = (1 - smallest) * (1 - np.sqrt(1 - u))
        high = low + smallest + v * (1 - low - smallest)
        return np.clip(
            np.minimum(pixel + 1, side * high[:, None]) - np.maximum(pixel, side * low[:, None]),
            0,
            1,
        )

    def drawn(u):
        return np.einsum("ni,nj->nij", covered(u[:, 0], u[:, 1]), covered(u[:, 2], u[:, 3]))

    def sample(n, rng):
        x, y = _latents(n, 4, information, rng)
        return drawn(x), drawn(y)

    return KnownPair(f"rectangles {side}x{side}, {information:g} nats", sample, information)


def pictures() -> list[KnownPair]:
    """Pairs of pictures of known information, as in public benchmarks (mutinfo, InfoBridge)."""
    return [kind(nats) for kind in (bumps, rectangles) for nats in (0.1, 1, 2.5, 5, 7.5, 10)]


def _of_labels(images: np.ndarray, labels: np.ndarray, asked: np.ndarray, rng) -> np.ndarray:
    """An image of each label in `asked`, `(n, H, W)`; all there are before any comes again."""
    chosen = np.empty(len(asked), int)
    for label in np.unique(asked):
        rows = np.flatnonzero(asked == label)
        chosen[rows] = np.resize(rng.permutation(np.flatnonzero(labels == label)), len(rows))
    return images[chosen]


def channel_pictures(images: np.ndarray, labels: np.ndarray, kept: float) -> KnownPair:
    """Pairs of pictures `(n, H, W)` of labels L and L', where L' is L with probability `kept` and
    else any other one.

    images `(N, H, W)` with labels `(N,)`, numbers below the K that there are. The truth is that of
    the labels, log K + s log s + (1 - s) log((1 - s) / (K - 1)), exact as far as a picture
    determines its own. x shows images of even, y those of odd number.
    """
    count = int(labels.max()) + 1
    lost = (1 - kept) * np.log((1 - kept) / (count - 1)) if kept < 1 else 0.0

    def sample(n, rng):
        first = rng.integers(0, count, n)
        moved = rng.integers(1, count, n) * (rng.random(n) >= kept)
        both = first, (first + moved) % count
        return tuple(
            _of_labels(images[side::2], labels[side::2], asked, rng)
            for side, asked in enumerate(both)
        )

    truth = float(np.log(count) + kept * np.log(kept) + lost)
    return KnownPair(f"channel of {count} labels, {kept:g} kept", sample, truth)


def tiles(images: np.ndarray, labels: np.ndarray, count: int, flipped: float) -> KnownPair:
    """Pairs of rows of `count` pictures of labels 0 and 1 `(n, H, count W)`, of which each flips
    with probability `flipped` between x and y: count (1 - h(flipped)) bits.

    images, labels: as for `channel_pictures`.
    """

    def sample(n, rng):
        bits = rng.integers(0, 2, (n, count))
        both = bits, bits ^ (rng.random((n, count)) < flipped)
        rows = (
            _of_labels(images[side::2], labels[side::2], asked.ravel(), rng)
            for side, asked in enumerate(both)
        )
        return tuple(
            row.reshape(n, count, *row.shape[1:]).swapaxes(1, 2).reshape(n, row.shape[1], -1)
            for row in rows
        )

    truth = count * (np.log(2) - float(entr(flipped) + entr(1 - flipped)))
    return KnownPair(f"{count} tiles, {flipped:g} flipped", sample, truth)


def labelled_pictures(images: np.ndarray, labels: np.ndarray) -> list[KnownPair]:
    """Pairs of pictures whose labels alone are related; arguments as for `channel_pictures`."""
    return [
        *[channel_pictures(images, labels, kept) for kept in (0.3, 0.7, 0.95)],
        *[tiles(images, labels, *case) for case in ((1, 0.05), (2, 0.05), (4, 0.05), (4, 0.2))],
    ]
