"""A retraining keeps a policy that cuts, goes on where it stopped, and overwrites none."""

import json
from dataclasses import replace

import pytest
import torch

from editor.cutting import agent, learned
from editor.cutting.learned import LearnedPolicy
from editor.cutting.taste import MEASURES, Taste, Trims, check, dressed, reward_of
from editor.errors import PolicyError
from editor.learning import feedback, lessons, promotion, retraining, telling, weighing
from editor.learning.promotion import Judgement
from editor.learning.retraining import Asked
from editor.learning.telling import Shown
from tests.learning import taught

SURE = Judgement(True, "it foretells more", 6, 30, 0.3, 0.1, 0.8, 0.5)


def silent(done: float, total: float, label: str) -> None:
    return None


@pytest.fixture(scope="module")
def retrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    asked = Asked(tuple(taught.lessons("quick", 6)), (), folder, agent.DEFAULT, steps=2)
    with pytest.MonkeyPatch.context() as patch:  # what is promoted is test_promotion's matter
        patch.setattr(retraining.promotion, "judge", lambda told, learn, present: SURE)
        patch.setattr(retraining.promotion, "with_base", lambda judged, base: judged)
        return asked, retraining.retrain(asked, silent)


def test_promoted_corrections_make_the_policy_that_cuts(retrained):
    asked, done = retrained
    assert done.policy.promoted, done.judgement
    assert learned.default(asked.policies) == done.policy.name == "mine-001"
    assert (done.folder / "learned.png").stat().st_size > 10_000
    assert (done.folder / learned.WEIGHTS).exists()
    assert done.words.learned


def test_the_learned_policy_cuts_by_its_own_reward(retrained):
    asked, _ = retrained
    cutter = agent.load_policy("mine-001", asked.policies)
    pool, stage, _ = taught.shoot(8)
    mine = agent.cut(pool, stage.brief, cutter)
    base = agent.cut(pool, stage.brief, agent.load_policy("local"))
    films = [[(one.shot, one.first, one.last) for one in made.choices] for made in (mine, base)]
    assert films[0] != films[1]
    assert mine.score == pytest.approx(sum(one.reward for one in mine.choices), abs=1e-3)


def test_a_second_retraining_overwrites_nothing(retrained):
    asked, _ = retrained
    before = (asked.policies / "mine-001" / learned.FILE).read_bytes()
    again = retraining.retrain(replace(asked, present="mine-001", steps=0), silent)
    assert again.policy.name == "mine-002"
    assert not again.policy.promoted
    assert learned.default(asked.policies) == "mine-001"
    assert (asked.policies / "mine-001" / learned.FILE).read_bytes() == before


def test_a_dry_run_writes_nothing(tmp_path):
    asked = Asked(tuple(taught.lessons("quick", 2)), (), tmp_path / "p", agent.DEFAULT, dry=True)
    done = retraining.retrain(asked, silent)
    assert done.folder is None
    assert not (tmp_path / "p").exists()


def test_an_interrupted_retraining_goes_on_to_the_same_network(tmp_path, monkeypatch):
    monkeypatch.setattr(retraining, "SAVE_EVERY", 1)
    monkeypatch.setattr(retraining.promotion, "judge", lambda told, learn, present: SURE)
    monkeypatch.setattr(retraining.promotion, "with_base", lambda judged, base: judged)
    some = tuple(taught.lessons("quick", 2))

    def stop_at(step: int):
        def advance(done: float, total: float, label: str) -> None:
            if done >= 10 + step and label:
                raise KeyboardInterrupt

        return advance

    whole = retraining.retrain(Asked(some, (), tmp_path / "a", agent.DEFAULT, steps=3), silent)
    asked = Asked(some, (), tmp_path / "b", agent.DEFAULT, steps=3)
    with pytest.raises(KeyboardInterrupt):
        retraining.retrain(asked, stop_at(1))
    assert learned.names(tmp_path / "b") == ()
    again = retraining.retrain(asked, silent)
    one, two = (agent.load_weights(str(made.folder / learned.WEIGHTS)) for made in (whole, again))
    for (name, value), (_, other) in zip(
        one.state_dict().items(), two.state_dict().items(), strict=True
    ):
        assert torch.allclose(value, other, atol=1e-6), name


def test_what_it_would_ask_next_are_two_films_of_one_shoot(retrained):
    _, done = retrained
    first, second = taught.lesson("patient", 0), taught.lesson("quick", 0)
    other = taught.lesson("quick", 1)
    shown = [
        Shown("a-v001", "a", first.pool, first.stage, first.after),
        Shown("a-v002", "a", second.pool, second.stage, second.after),
        Shown("b-v001", "b", other.pool, other.stage, other.after),
    ]
    assert telling.ask_next(done.learned, shown) == ("a-v001", "a-v002")
    assert telling.ask_next(done.learned, shown[1:]) is None


def test_little_feedback_says_what_it_cannot_teach():
    told = feedback.told_by(taught.lessons("quick", 1))
    found = weighing.learn(told)
    said = telling.words(told, found, promotion.judge(told, weighing.learn, Taste()))
    assert any("1 film" in line for line in said.cannot)


# --- learned.json ---------------------------------------------------------------------------------

TASTE = Taste(
    names=lessons.FEATURES,
    mean=(0.01,) * len(lessons.FEATURES),
    members=((0.02,) * len(lessons.FEATURES), (0.0,) * len(lessons.FEATURES)),
    doubt=0.5,
    reference=(0.0,) * len(lessons.FEATURES),
    pace=0.8,
    trims=Trims(0.1, -0.1),
)


def test_a_taste_reads_back_as_it_was_written(tmp_path):
    learned.write(tmp_path, LearnedPolicy("mine-001", TASTE, promoted=True))
    found = learned.read(tmp_path, "mine-001")
    assert found.taste == TASTE
    assert found.promoted


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t["taste"].update(pace=100), "pace"),
        (lambda t: t["taste"].update(pace="1"), "pace"),
        (lambda t: t["taste"].update(mean=[0.0]), "mean"),
        (lambda t: t["taste"]["mean"].__setitem__(0, 1e9), "mean"),
        (lambda t: t["taste"]["names"].__setitem__(0, "weather"), "weather"),
        (lambda t: t["taste"].update(head_s=3.0), "head"),
        (lambda t: t.update(format="other"), "format"),
        (lambda t: t.update(base="../../elsewhere"), "base"),
        (lambda t: t.update(promoted="yes"), "promoted"),
        (lambda t: t.pop("taste"), "taste"),
    ],
)
def test_a_damaged_policy_is_refused_with_the_part_that_is_wrong(tmp_path, change, says):
    learned.write(tmp_path, LearnedPolicy("mine-001", TASTE))
    path = tmp_path / "mine-001" / learned.FILE
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))
    with pytest.raises(PolicyError, match=says):
        learned.read(tmp_path, "mine-001")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": NaN}', "[" * 100_000])
def test_what_is_no_policy_at_all_is_refused(tmp_path, text):
    learned.write(tmp_path, LearnedPolicy("mine-001", TASTE))
    (tmp_path / "mine-001" / learned.FILE).write_text(text)
    with pytest.raises(PolicyError, match=learned.FILE):
        learned.read(tmp_path, "mine-001")


@pytest.mark.parametrize("name", ["../mine-001", "nobody", "", ".run"])
def test_a_name_that_is_no_policy_s_is_refused_with_those_that_are(tmp_path, name):
    learned.write(tmp_path, LearnedPolicy("mine-001", TASTE))
    with pytest.raises(PolicyError, match="mine-001"):
        learned.read(tmp_path, name)


# --- a taste over a stage -------------------------------------------------------------------------


def test_a_taste_that_gains_nothing_scores_as_the_style_does():
    _, stage, film = taught.shoot(0)
    blank = Taste(names=lessons.FEATURES, mean=(0.0,) * len(lessons.FEATURES))
    seen = dressed(stage, blank)
    plain, tasted = stage.start(1), seen.start(1)
    for cut in film:
        chosen = [torch.tensor([value]) for value in cut]
        plain, gain, raw = stage.step(plain, *chosen)
        tasted, gained, seen_raw = seen.step(tasted, *chosen)
        assert float(gain) == pytest.approx(float(gained), abs=1e-5)
        assert torch.allclose(raw, seen_raw)


def test_doubt_costs_a_film_that_the_members_disagree_about():
    _, stage, film = taught.shoot(0)
    sure = reward_of(stage.material, stage.brief, replace(TASTE, doubt=0.0))
    doubted = reward_of(stage.material, stage.brief, TASTE)
    progress = [reward.start(1) for reward in (sure, doubted)]
    for cut in film:
        chosen = [torch.tensor([value]) for value in cut]
        progress = [
            reward.grow(one, *chosen)[0]
            for reward, one in zip((sure, doubted), progress, strict=True)
        ]
    assert float(progress[1].score) < float(progress[0].score)


def test_the_policy_is_told_the_taste_s_weights_and_pace_in_any_style():
    _, stage, _ = taught.shoot(0)
    told = TASTE.style(stage.brief.style)
    assert told.pace.median == pytest.approx(0.8 * stage.brief.style.pace.median)
    assert all(weight >= 0 for weight in told.weights.values())


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_bounded(name):
    _, stage, film = taught.shoot(0)
    seen = lessons.seeing(stage)
    raw = seen.reward.cut_terms(
        seen.reward.start(1), *(torch.tensor([[cut[n] for cut in film]]) for n in range(3))
    )
    assert float(raw.abs().max()) <= 1.0
    assert check(TASTE) == TASTE
