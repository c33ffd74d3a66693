"""Choices become weights: recovered where they speak, the prior where they are silent."""

import math

import pytest
import torch

from models import preference
from models.preference import Prior


def made(
    weights: torch.Tensor, count: int, others: int = 6, films: int = 8, seed: int = 0
) -> preference.Choices:
    """Choices that somebody with these weights makes, the logit way."""
    generator = torch.Generator().manual_seed(seed)
    size = len(weights)
    rows, number = [], []
    for choice in range(count):
        seen = torch.randn(others + 1, size, generator=generator, dtype=torch.float64)
        noise = -torch.rand(others + 1, generator=generator).double().log().neg().log()
        taken = int((seen @ weights + noise).argmax())
        rest = [n for n in range(others + 1) if n != taken]
        rows.append(seen[taken] - seen[rest])
        number += [choice] * others
    return preference.choices(torch.cat(rows), torch.tensor(number), torch.arange(count) % films)


WEIGHTS = torch.tensor([2.0, -1.0, 0.0, 0.5], dtype=torch.float64)
WIDE = Prior(torch.zeros(4).double(), torch.full((4,), 10.0).double())


def test_a_pair_is_as_likely_as_bradley_and_terry_say():
    pair = preference.choices(torch.tensor([[1.5]]), torch.tensor([0]), torch.tensor([0]))
    told = preference.log_likelihood(pair, torch.tensor([0.8]).double())
    assert float(told) == pytest.approx(-math.log1p(math.exp(-1.2)))


def test_a_choice_among_many_is_as_likely_as_its_share_of_exponentials():
    scores = torch.tensor([0.3, 1.1, -0.4])  # of the alternatives; the taken one scores 0.9
    found = preference.choices((0.9 - scores)[:, None], torch.tensor([0, 0, 0]), torch.tensor([0]))
    told = preference.log_likelihood(found, torch.ones(1).double())
    share = math.exp(0.9) / (math.exp(0.9) + float(scores.exp().sum()))
    assert float(told.exp()) == pytest.approx(share)


def test_a_hopeless_choice_has_a_finite_likelihood():
    found = preference.choices(torch.tensor([[-1e4]]), torch.tensor([0]), torch.tensor([0]))
    assert float(preference.log_likelihood(found, torch.ones(1).double())) == pytest.approx(-1e4)


def test_weights_are_recovered_from_many_choices():
    fit = preference.fit(made(WEIGHTS, 600), WIDE)
    assert torch.allclose(fit.mean, WEIGHTS, atol=0.35)


def test_the_fit_is_where_no_step_leads_up():
    found = made(WEIGHTS, 60)
    prior = Prior(torch.tensor([0.5, 0.0, 0.0, 0.0]).double(), torch.full((4,), 0.7).double())
    fit = preference.fit(found, prior)

    def height(weights: torch.Tensor) -> float:
        away = (weights - prior.mean) / prior.spread
        return float(preference.log_likelihood(found, weights).sum() - 0.5 * away.square().sum())

    best = height(fit.mean)
    for axis in range(4):
        for step in (-1e-3, 1e-3):
            assert height(fit.mean + step * torch.eye(4).double()[axis]) < best


def test_the_curvature_agrees_with_finite_differences():
    found, step = made(WEIGHTS, 40), 1e-4
    fit = preference.fit(found, WIDE)
    precision = torch.linalg.inv(fit.covariance)

    def height(weights: torch.Tensor) -> float:
        away = (weights - WIDE.mean) / WIDE.spread
        return float(preference.log_likelihood(found, weights).sum() - 0.5 * away.square().sum())

    bump = torch.tensor([step, 0, 0, 0]).double()
    second = height(fit.mean + bump) - 2 * height(fit.mean) + height(fit.mean - bump)
    assert -second / step**2 == pytest.approx(float(precision[0, 0]), rel=1e-3)


def test_without_choices_the_prior_stands_and_its_evidence_is_nothing():
    nothing = preference.choices(torch.zeros(0, 4), torch.zeros(0).long(), torch.zeros(0).long())
    prior = Prior(torch.tensor([1.0, 2.0, 3.0, 4.0]).double(), torch.ones(4).double())
    fit = preference.fit(nothing, prior)
    assert torch.equal(fit.mean, prior.mean)
    assert fit.log_evidence == pytest.approx(0.0)


def test_a_tight_prior_holds_against_few_choices():
    tight = Prior(torch.zeros(4).double(), torch.full((4,), 0.01).double())
    assert float(preference.fit(made(WEIGHTS, 5), tight).mean.abs().max()) < 0.02


def test_what_is_known_already_is_not_learned_again():
    found = made(WEIGHTS, 400)
    known = preference.choices(
        found.difference, found.choice, found.group, offset=found.difference @ WEIGHTS
    )
    assert float(preference.fit(known, WIDE).mean.abs().max()) < 0.4


def test_doubt_is_least_where_the_choices_speak():
    found = made(WEIGHTS, 80)
    silent = found.difference.clone()
    silent[:, 3] = 0.0  # the fourth feature never differs
    found = preference.choices(silent, found.choice, found.group)
    members = preference.ensemble(
        found, Prior(torch.zeros(4).double(), torch.ones(4).double()), 40,
        torch.Generator().manual_seed(1),
    )  # fmt: skip
    spread = members.std(0)
    assert float(spread[3]) > 0.7
    assert float(spread[:3].max()) < 0.6


def test_every_film_is_left_out_once():
    group = torch.tensor([0, 0, 1, 2, 2, 2, 5])
    masks = preference.folds(group, 3)
    assert torch.equal(torch.stack(masks).long().sum(0), torch.ones(7).long())
    for film in (0, 1, 2, 5):
        assert sum(bool(mask[group == film].all()) for mask in masks) == 1


def test_choices_of_some_films_are_as_likely_as_among_all():
    found = made(WEIGHTS, 20)
    kept = found.group < 3
    whole = preference.log_likelihood(found, WEIGHTS)[kept]
    assert torch.allclose(preference.log_likelihood(found.of(kept), WEIGHTS), whole)


def test_a_tie_counts_half():
    found = preference.choices(
        torch.tensor([[0.0], [1.0]]), torch.tensor([0, 0]), torch.zeros(1).long()
    )
    assert float(preference.accuracy(found, torch.ones(1).double())) == 0.75


@pytest.mark.parametrize(
    ("rows", "choice", "says"),
    [
        ([[float("nan")]], [0], "NaN"),
        ([[1.0], [2.0]], [1, 0], "ordered"),
        ([[1.0]], [1], "ordered"),
        ([[1.0], [2.0]], [0], "need"),
    ],
)
def test_choices_that_do_not_fit_are_refused(rows, choice, says):
    with pytest.raises(ValueError, match=says):
        preference.choices(
            torch.tensor(rows), torch.tensor(choice), torch.zeros(max(choice) + 1).long()
        )


def test_a_prior_without_spread_is_refused():
    with pytest.raises(ValueError, match="spread"):
        preference.fit(made(WEIGHTS, 3), Prior(torch.zeros(4).double(), torch.zeros(4).double()))
