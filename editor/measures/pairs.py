"""Turn what may be seen of two shots into how likely one follows the other.

S shots, F features. The floor is similarity alone. The learned scorer is a conditional logit
(McFadden 1974: a softmax over the candidates, linear in features), fitted to other films' real next
shots among their other shots, each film also run backwards, and held near the floor by a ridge: a
few dozen cuts are all there is to learn from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.measures.ranking import ORDERS, Scores, candidates, chained
from editor.measures.seen import Views, mirrored

PRIOR_SHOTS = 8  # as in the pool: a small film's mean is mostly its content
STILL = 0.05  # widths/s, as in the reward: below it the camera stands
SOFT = 0.05  # added before a logarithm of luma change a second, and of seconds
NEIGHBOURS = 5  # a shot that is like so many others is likely next to none of them
EMBEDDING_SHARE = 0.6  # of similarity, the rest is colour's; as in the pool's own likeness
RIDGE = {"pair": 60.0, "order": 30.0}  # nats: strength of the floor's hold
BACKWARDS = 0.5  # weight of a film run backwards beside the film itself
PRIOR = {"embedding e>s": 0.42, "colour e>s": 0.28, "embedding": 0.28, "colour": 0.28}
JOINS = ("embedding e>s", "colour e>s", "thumb e>s", "flow", "motion", "luma", "saturation",
         "sharpness")  # fmt: skip
APART = ("embedding", "colour", "thumb", "thumb e>s", "embedding e>s", "face", "length")


@dataclass(frozen=True)
class Learned:
    """A fitted scorer."""

    kind: str  # key of RIDGE
    weight: np.ndarray  # (F,)
    names: tuple[str, ...]  # of the features


@dataclass(frozen=True)
class _Question:
    """Candidates of which one is the real answer, and how much it counts."""

    features: np.ndarray  # (C, F)
    real: int  # index of the answer
    weight: float


# --- floors ---------------------------------------------------------------------------------------


def similarity(views: Views, embedding: float = EMBEDDING_SHARE) -> Scores:
    """Likeness of a shot's end to the other's start: embedding and colour, no more."""
    centred = _centred(views)
    look = centred[:, -1] @ centred[:, 0].T
    colour = _alike(views.colour[:, -1], views.colour[:, 0])
    following = embedding * look + (1 - embedding) * colour
    return Scores(following, chained(following))


# --- features -------------------------------------------------------------------------------------


def looks(views: Views) -> dict[str, np.ndarray]:
    """(S, S) likeness of two whole shots, the same both ways, by each way to see them."""
    mean = _centred(views).mean(axis=1)
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True).clip(1e-6)
    palette = views.colour.mean(axis=1)
    return {
        "embedding": mean @ mean.T,
        "colour": _alike(palette, palette),
        "thumb": _likest(_thumbs(views)),
    }


def pair_features(views: Views) -> tuple[np.ndarray, tuple[str, ...]]:
    """(S, S, F) float64 of shot j after shot i, by that pair alone, standardised in the film."""
    columns = _pair_columns(views)
    return _standard(columns), tuple(columns)


def order_features(views: Views) -> tuple[np.ndarray, tuple[str, ...]]:
    """(S - 2, 6, F) of each of ORDERS of three shots: their joins, and the first with the third."""
    pairs, names = pair_features(views)
    joins, apart = ([names.index(name) for name in some] for some in (JOINS, APART))
    start = np.arange(len(pairs) - 2)
    rows = []
    for a, b, c in ORDERS:
        first, middle, last = start + a, start + b, start + c
        joined = pairs[first, middle][:, joins] + pairs[middle, last][:, joins]
        rows.append(np.concatenate([joined, pairs[first, last][:, apart]], axis=1))
    return np.stack(rows, axis=1), (*JOINS, *(f"{name}, one between" for name in APART))


def _pair_columns(views: Views) -> dict[str, np.ndarray]:
    """(S, S) of each feature."""
    centred, ends = _centred(views), views.ends.astype(np.float64)
    thumb = _thumbs(views)
    length = np.log(views.seconds.astype(np.float64) + 2 * SOFT)
    motion = np.log(ends[:, :, 0] + SOFT)
    face = np.sqrt(views.face[:, :, 1].max(axis=1).astype(np.float64))
    alike = looks(views)
    wide = {name: alike[name] for name in ("embedding", "colour")}
    return {
        "embedding e>s": centred[:, -1] @ centred[:, 0].T,
        "colour e>s": _alike(views.colour[:, -1], views.colour[:, 0]),
        **alike,
        "embedding likest view": _likest(centred),
        "thumb e>s": thumb[:, -1] @ thumb[:, 0].T,
        "flow": _flow(ends[:, 1, 1:3], ends[:, 0, 1:3]),
        "motion": _near(motion[:, 1], motion[:, 0]),
        "luma": _near(ends[:, 1, 3], ends[:, 0, 3]),
        "saturation": _near(ends[:, 1, 4], ends[:, 0, 4]),
        "sharpness": _near(ends[:, 1, 5], ends[:, 0, 5]),
        "face": _near(face, face),
        "length": _near(length, length),
        "length of the next": np.tile(length, (len(length), 1)),
        **{f"{name}, like many": _hub(table) for name, table in wide.items()},
    }


def _standard(columns: dict[str, np.ndarray]) -> np.ndarray:
    table = np.stack(list(columns.values()), axis=-1)  # (S, S, F)
    others = table[~np.eye(len(table), dtype=bool)]
    scaled: np.ndarray = (table - others.mean(axis=0)) / (others.std(axis=0) + 1e-6)
    return scaled


def _centred(views: Views) -> np.ndarray:
    """(S, V, D) unit embeddings about the film's own mean, shrunk where the film is short."""
    seen = views.embedding.astype(np.float64)
    mean = seen.reshape(-1, seen.shape[-1]).mean(axis=0)
    rows = seen - mean * views.size / (views.size + PRIOR_SHOTS)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True).clip(1e-6))


def _thumbs(views: Views) -> np.ndarray:
    """(S, V, 432) unit small pictures, each about its own mean."""
    flat = views.thumb.reshape(*views.thumb.shape[:2], -1).astype(np.float64)
    about = flat - flat.mean(axis=-1, keepdims=True)
    unit: np.ndarray = about / np.linalg.norm(about, axis=-1, keepdims=True).clip(1e-6)
    return unit


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(S, S) Bhattacharyya coefficient of two histograms each."""
    # In single precision the two ways round differ, on some processors, by what others do not.
    left, right = (np.sqrt(each.clip(0).astype(np.float64)) for each in (one, other))
    return np.asarray(left @ right.T)


def _likest(views: np.ndarray) -> np.ndarray:
    """(S, V, D) -> (S, S): the greatest likeness of any view of the one to any of the other."""
    shots, each, _ = views.shape
    flat = views.reshape(shots * each, -1)
    table: np.ndarray = (flat @ flat.T).reshape(shots, each, shots, each).max(axis=(1, 3))
    return table


def _flow(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(S, S) same direction, as the reward's motion_match."""
    norm = (one**2).sum(-1)[:, None] + (other**2).sum(-1)[None] + STILL**2
    return np.asarray(2 * (one @ other.T) / norm)


def _near(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(-np.abs(one[:, None] - other[None]))


def _hub(alike: np.ndarray) -> np.ndarray:
    """(S, S), a column each: mean likeness of a shot to its NEIGHBOURS likest."""
    others = alike - 10 * np.eye(len(alike))
    few = min(NEIGHBOURS, len(alike) - 1)
    return np.tile(np.sort(others, axis=1)[:, -few:].mean(axis=1), (len(alike), 1))


# --- learning -------------------------------------------------------------------------------------


def learn(films: Sequence[Views], kind: str) -> Learned:
    """Fit a scorer of a kind in RIDGE to films, at least one of three shots or more."""
    questions: list[_Question] = []
    names: tuple[str, ...] = ()
    for film in films:
        for views, weight in ((film, 1.0), (mirrored(film), BACKWARDS)):
            table, names = _features(views, kind)
            questions += _asked(table, kind, weight)
    prior = np.zeros(len(names))
    if kind != "order":
        for name, value in PRIOR.items():
            prior[names.index(name)] = value
    return Learned(kind, _fit(questions, prior, RIDGE[kind]), names)


def score(views: Views, pair: Learned, order: Learned) -> Scores:
    """Scores of a film by what two shots, or three, show."""
    following = pair_features(views)[0] @ pair.weight
    return Scores(following, order_features(views)[0] @ order.weight)


def _features(views: Views, kind: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if kind == "order":
        return order_features(views)
    return pair_features(views)


def _asked(table: np.ndarray, kind: str, weight: float) -> list[_Question]:
    if kind == "order":
        return [_Question(rows, 0, weight) for rows in table]
    questions = []
    for shot in range(len(table) - 1):
        found = candidates(len(table), shot, unseen=False)
        if len(found) > 1:
            real = int(np.flatnonzero(found == shot + 1)[0])
            questions.append(_Question(table[shot, found], real, weight))
    return questions


def _fit(questions: Sequence[_Question], prior: np.ndarray, ridge: float) -> np.ndarray:
    """Weights of greatest likelihood less ridge / 2 times their squared distance from the prior."""
    from scipy.optimize import minimize

    def loss(weight: np.ndarray) -> tuple[float, np.ndarray]:
        away = weight - prior
        total, slope = ridge / 2 * float(away @ away), ridge * away
        for asked in questions:
            value = asked.features @ weight
            odds = np.exp(value - value.max())
            odds /= odds.sum()
            total -= asked.weight * float(np.log(odds[asked.real]))
            slope = slope + asked.weight * (odds @ asked.features - asked.features[asked.real])
        return total, slope

    return np.asarray(minimize(loss, prior, jac=True, method="L-BFGS-B").x)
