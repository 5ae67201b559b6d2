"""Classifiers of x without noise, which guess labels beside the fields of noised x.

Both are scikit-learn's, each of which sees what the other does not: a perceptron of canonical
coordinates smooth boundaries of any direction, boosted trees of single columns steps.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from diffinfo.train.stopping import held_out_rows

EPOCHS, PATIENCE = 100, 10
PROGRESS = 5e-4  # nats of held-out loss that so many epochs must bring
ROWS_SEEN = 2_000_000  # at most, in all epochs: many rows need few
WIDTH = 128
LEAST_Q = 1e-5  # that far certainty goes


def _perceptron(x, y, x_held, y_held, seed: int) -> MLPClassifier:
    """The one of the epoch after which held-out rows were least surprising.

    scikit-learn's own stopping goes by how many rows are right, which says nothing of how certain a
    guess may be, and parts rows of a group.
    """
    network = MLPClassifier((WIDTH, WIDTH), random_state=seed)
    # In single precision the moments of units that are always off soon are subnormal, and an epoch
    # takes six times as long.
    x, x_held = x.astype(float), x_held.astype(float)
    classes, least, mark, since, best = np.unique(y), np.inf, np.inf, 0, None
    for _ in range(min(EPOCHS, -(-ROWS_SEEN // len(x)))):
        network.partial_fit(x, y, classes=classes)
        loss = log_loss(y_held, network.predict_proba(x_held), labels=classes)
        if loss < least:
            least = loss
            best = [[weight.copy() for weight in w] for w in (network.coefs_, network.intercepts_)]
        mark, since = (loss, 0) if loss < mark - PROGRESS else (mark, since + 1)
        if since == PATIENCE:
            break
    network.coefs_, network.intercepts_ = best
    return network


def _trees(x, y, x_held, y_held, seed: int) -> HistGradientBoostingClassifier:
    trees = HistGradientBoostingClassifier(early_stopping=True, random_state=seed)
    return trees.fit(x, y, X_val=x_held, y_val=y_held)


def guessed_losses(
    canonical: np.ndarray,
    columns: np.ndarray,
    labels: np.ndarray,
    known: np.ndarray,
    rows: np.ndarray,
    seed: int,
    groups: np.ndarray | None,
) -> np.ndarray:
    """-log q(y|x) of each label for the numbers `rows` `(m,)`, `(m, 2, classes)` in nats, by the
    perceptron and by the trees, trained on the rows numbered `known`.

    canonical, columns: x in canonical coordinates `(n, P)`, and its scores `(n, D)`; labels:
    `(n,)`; groups: the number of each row's `(n,)`, or None. A tenth of the known rows is held out
    for stopping, groups together.
    """
    parts = held_out_rows(len(known), seed, None if groups is None else groups[known])
    train, held = (known[part] for part in parts)
    seen = np.unique(labels[train])
    held = held[np.isin(labels[held], seen)]
    held = held if len(held) else train
    q = np.zeros((len(rows), 2, labels.max() + 1))
    if len(seen) == 1:
        q[:, :, seen] = 1
        return -np.log(np.maximum(q, LEAST_Q))
    # Batches are small: two threads would spend their time waiting for each other.
    with threadpool_limits(1):
        for number, (x, fit) in enumerate(((canonical, _perceptron), (columns, _trees))):
            classifier = fit(x[train], labels[train], x[held], labels[held], seed)
            q[:, number, seen] = classifier.predict_proba(x[rows])
    return -np.log(np.maximum(q, LEAST_Q))
