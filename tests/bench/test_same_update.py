"""The same draws give the same policy: our collection and update beside Stable-Baselines3's."""

from dataclasses import replace

import pytest
import torch

from editor.bench import peers
from editor.bench.alike import by_their_names
from editor.bench.peers import TRIALS, Trial, optimizer_of, peers_options
from models import actor_critic
from models.algorithms import ALGORITHMS
from models.perceptron import Perceptron
from models.rollout import one_thread
from models.tasks import Steps, Task, policy_for

sb3 = pytest.importorskip("stable_baselines3", reason="the peer is not installed: .[peers]")

SHARED = [trial for trial in TRIALS if trial.peer and not trial.memory and not trial.alike]
CUT_OFF = 11  # steps after which episodes are cut off: inside the last stretch
ENDLESS = 100_000  # CartPole then ends by falling alone


def learner_of(trial: Trial, policy: Perceptron, limit: int):
    """The peer's learner with the policy's weights."""
    from stable_baselines3.common.env_util import make_vec_env

    learner = getattr(sb3, trial.peer)(
        "MlpPolicy",
        make_vec_env(trial.task, trial.copies, seed=0, env_kwargs={"max_episode_steps": limit}),
        seed=0,
        device="cpu",
        **peers_options(trial),
    )
    learner.policy.load_state_dict(named(policy, learner.policy.state_dict()))
    learner._setup_learn(trial.budget)
    return learner


def named(policy: Perceptron, theirs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A copy of our weights by the peer's names."""
    found = {name: weight.detach().clone() for name, weight in by_their_names(policy).items()}
    if "log_std" in theirs:
        found["log_std"] = policy.log_sd.detach().clone()
    return found


class Replayed(Perceptron):
    """A policy whose draws are not its own: those that the peer made."""

    def __init__(self, like: Perceptron) -> None:
        super().__init__(4, like.head, 1)
        self.__dict__.update(like.__dict__)  # its layers themselves, so that one update moves both
        self.drawn: list[torch.Tensor] = []

    def odds(self, observation):
        found, drawn = super().odds(observation), self.drawn
        if drawn and observation.dim() == 2:  # one step of every copy
            action = drawn.pop(0)
            object.__setattr__(found, "sample", lambda generator: action)
        return found


def collected(learner, trial: Trial) -> torch.Tensor:
    """Actions (T, B, ...) of the peer's own collection, which is left in its buffer."""
    from stable_baselines3.common.callbacks import CallbackList

    nobody = CallbackList([])
    nobody.init_callback(learner)
    learner.collect_rollouts(learner.env, nobody, learner.rollout_buffer, trial.stretch)
    action = torch.from_numpy(learner.rollout_buffer.actions.copy())
    return action[..., 0].long() if learner.action_space.shape == () else action


@pytest.mark.parametrize("limit", [CUT_OFF, ENDLESS])
@pytest.mark.parametrize("trial", SHARED, ids=lambda trial: trial.name)
def test_with_the_peers_draws_our_steps_advantages_and_weights_are_the_peers(trial, limit):
    settings, stretch = trial.settings, min(trial.stretch, 64)
    if trial.peer == "PPO":  # one minibatch: the order of rows is each library's own; and the
        # one difference there is, the deviation with n - 1, which clipped steps magnify
        settings = replace(settings, minibatch=stretch * trial.copies, corrected=True)
    trial = replace(trial, stretch=stretch, settings=settings)
    task = Task(trial.task, trial.copies, seed=0, max_episode_steps=limit)
    policy = Replayed(policy_for(task, trial.head, 0))
    learner, optimizer = learner_of(trial, policy, limit), optimizer_of(trial, policy)
    before = named(policy, learner.policy.state_dict())
    with one_thread():
        for _ in range(4):
            policy.drawn = list(collected(learner, trial))
            steps = task.stretch(policy, stretch, torch.Generator(), trial.hold)
            agree(steps, learner.rollout_buffer, settings)
            learner.train()
            ALGORITHMS[trial.algorithm].update(policy, optimizer, [steps], settings)
    after = named(policy, before)
    for name, theirs in learner.policy.state_dict().items():
        if name in after:
            moved, apart = (theirs - before[name]).norm(), (after[name] - theirs).norm()
            assert float(moved) > 0, name
            assert float(apart / moved) < 0.002, name
    task.close()


def agree(steps: Steps, theirs, settings) -> None:
    """What was seen, what it was worth, and what it teaches are the peer's."""
    advantage, target = actor_critic.targets(steps, settings.gamma, settings.lam, False)
    for mine, its in (
        (steps.observation, theirs.observations),
        (steps.value, theirs.values),
        (steps.log_prob, theirs.log_probs),
        (advantage, theirs.advantages),
        (target, theirs.returns),
    ):
        its = torch.from_numpy(its).transpose(0, 1)
        assert torch.allclose(mine, its, rtol=1e-3, atol=1e-3 * float(its.std()))


def test_a_run_that_draws_as_the_peer_does_is_the_peers_run_until_rounding_parts_them():
    trial = next(trial for trial in TRIALS if trial.alike)
    short = replace(trial, budget=trial.every * 5, mark=1e9)
    with one_thread():
        mine, its = peers.ours(short, 3), peers.theirs(short.run_by(peers.PEER), 3)
    assert mine.steps == its.steps and len(mine.steps) == 5
    assert mine.mean == its.mean
    assert len(set(mine.mean)) == 4  # each policy another, but the last, whose rate is 0
