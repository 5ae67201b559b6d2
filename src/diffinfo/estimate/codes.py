"""What the codes of an autoencoder hold, in nats, on held-out images.

    I(Z;Y) <= I(Z;X) = E KL(q(z|x) || q(z)) <= E KL(q(z|x) || N(0, I))

The KL that training pays for is therefore the most that a latent can hold about anything.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from diffinfo.estimate.mutual_information import label_entropy
from diffinfo.estimate.statistics import Estimate
from diffinfo.loss import divergence_from_prior


def code_divergence(posteriors: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, Estimate]:
    """E KL(q(z|x) || N(0, I)) of each latent in nats, from its means and log-variances, each `(N,
    D_Z)`.
    """
    return {
        name: Estimate.of(np.asarray(divergence_from_prior(*posterior), float))
        for name, posterior in posteriors.items()
    }


def code_use(
    cost: Callable[[np.ndarray], np.ndarray], codes: np.ndarray, names: Sequence[str]
) -> dict[str, Estimate]:
    """By how many nats `cost`, a bound on -log p(x|z), grows when the codes of one latent are those
    of another image: an estimate for each latent, zero for one that the decoder ignores.

    cost: `codes (N, latents x D_Z) -> (N,)`, with the same noise in every call; names: the latents,
    in the order of their columns.
    """
    own, width = cost(codes), codes.shape[1] // len(names)
    use = {}
    for i, name in enumerate(names):
        columns, exchanged = slice(i * width, (i + 1) * width), codes.copy()
        exchanged[:, columns] = np.roll(codes[:, columns], 1, axis=0)
        use[name] = Estimate.of(cost(exchanged) - own)
    return use


def classifier_bound(x_train, y_train, x_test, y_test, seed: int) -> Estimate:
    """H(Y) + E log q(y|x) on the test examples, in nats: a lower bound on I(X;Y) in expectation,
    with no diffusion in it.

    q is the logistic regression or the perceptron of scikit-learn, whichever does better on a fifth
    of the training examples that it is not fitted to. x: `(N, D)`; y: labels `(N,)`.
    """
    classes = int(max(y_train.max(), y_test.max())) + 1
    order = np.random.default_rng(seed).permutation(len(x_train))
    fit, held = order[len(order) // 5 :], order[: len(order) // 5]

    def log_q(classifier, x, y):
        columns = np.full((len(x), classes), np.log(1e-6))
        columns[:, classifier.classes_] = np.logaddexp(
            classifier.predict_log_proba(x) + np.log1p(-1e-3), np.log(1e-3 / classes)
        )
        return columns[np.arange(len(y)), y]

    candidates = [
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        make_pipeline(
            StandardScaler(),
            MLPClassifier((64,), alpha=1e-2, early_stopping=True, max_iter=300, random_state=seed),
        ),
    ]
    fitted = [candidate.fit(x_train[fit], y_train[fit]) for candidate in candidates]
    best = max(
        fitted, key=lambda classifier: log_q(classifier, x_train[held], y_train[held]).mean()
    )
    return Estimate.of(label_entropy(y_test) + log_q(best, x_test, y_test))


def neighbour_accuracy(z_train, y_train, z_test, y_test, neighbours: int = 10) -> Estimate:
    """The fraction of test codes z `(N, D_Z)` that get their label y `(N,)` by the vote of their
    nearest training codes: how well classes cluster.
    """
    classifier = make_pipeline(StandardScaler(), KNeighborsClassifier(neighbours)).fit(
        z_train, y_train
    )
    return Estimate.of((classifier.predict(z_test) == y_test).astype(float))


def high_frequency_power(images: np.ndarray) -> np.ndarray:
    """Mean spectral power above half the Nyquist frequency of images `(N, H, W, C)`, a measure of
    their sharpness, `(N, C)`.
    """
    spectrum = np.abs(np.fft.fft2(images, axes=(1, 2), norm="ortho")) ** 2
    rows, columns = (np.abs(np.fft.fftfreq(size)) for size in images.shape[1:3])
    return spectrum[:, np.hypot(rows[:, None], columns) > 0.25].mean((1, 2))
