"""What is asked of one shot, or of one pair of points, is what the whole masks say of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from tests.cutting.test_environment import STYLE, pool_of

FILMS = 24


def stage_of(seed: int, order: str, wishes: bool):
    pool = pool_of(seed, shots=14, speech=0.5)
    if wishes:
        must = np.full(pool.size, -1)
        must[[3, 9]] = 0, 1
        pool = replace(pool, must=must)
    return make_stage(pool, Brief(replace(STYLE, order=order), 18.0, order, 0))


@pytest.mark.parametrize("wishes", [False, True])
@pytest.mark.parametrize("order", ["recorded", "free"])
def test_one_shot_and_one_pair_are_as_legal_as_the_masks_say(order, wishes):
    legal = refused = 0
    for seed in range(4):
        stage = stage_of(seed, order, wishes)
        rules, films = stage.rules, stage.start(FILMS)
        generator = torch.Generator().manual_seed(seed)
        every = torch.cartesian_prod(*[torch.arange(stage.material.points)] * 2).T
        while not bool(films.done.all()):
            mask = rules.shot_mask(films.state)
            for _ in range(3):
                asked = torch.randint(stage.stop, (FILMS,), generator=generator)
                expected = mask.gather(1, asked[:, None])[:, 0]
                assert torch.equal(rules.shot_legal(films.state, asked), expected)
                pairs = rules.pair_mask(films.state, asked).flatten(1)
                for first, last in every.T[torch.randperm(every.shape[1])[:40]]:
                    into, out = first.expand(FILMS), last.expand(FILMS)
                    found = rules.pair_legal(films.state, asked, into, out)
                    assert torch.equal(found, pairs[:, first * stage.material.points + last])
                    legal, refused = legal + int(found.sum()), refused + int((~found).sum())
            shot = torch.multinomial(stage.shot_mask(films).float(), 1, generator=generator)[:, 0]
            pairs = stage.pair_mask(films, shot).flatten(1).float()
            pair = torch.multinomial(pairs, 1, generator=generator)[:, 0]
            points = stage.material.points
            films, _, _ = stage.step(films, shot, pair // points, pair % points)
    assert legal > 500
    assert refused > 500
