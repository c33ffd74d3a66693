"""One batch, one policy: our update beside Stable-Baselines3's, weight by weight."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.bench.peers import TRIALS, Trial, optimizer_of, peers_options
from models.algorithms import ALGORITHMS
from models.perceptron import Perceptron
from models.rollout import one_thread
from models.tasks import Steps, Task, policy_for

sb3 = pytest.importorskip("stable_baselines3", reason="the peer is not installed: .[peers]")

SHARED = [trial for trial in TRIALS if trial.peer]
CUT_OFF = 11  # steps after which episodes are cut off: inside the last stretch
ENDLESS = 100_000  # CartPole then ends by falling alone


def learner_of(trial: Trial, policy: Perceptron):
    """The peer's learner with the policy's weights."""
    from stable_baselines3.common.env_util import make_vec_env

    learner = getattr(sb3, trial.peer)(
        "MlpPolicy",
        make_vec_env(trial.task, trial.copies, seed=0),
        seed=0,
        device="cpu",
        **peers_options(trial),
    )
    learner.policy.load_state_dict(named(policy, learner.policy.state_dict()))
    learner._setup_learn(trial.budget)
    return learner


def named(policy: Perceptron, theirs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Our weights by the peer's names."""
    found = {}
    for ours, body, head in (
        (policy.actor, "mlp_extractor.policy_net", "action_net"),
        (policy.critic, "mlp_extractor.value_net", "value_net"),
    ):
        for layer, name in ((0, f"{body}.0"), (2, f"{body}.2"), (4, head)):
            for kind in ("weight", "bias"):
                found[f"{name}.{kind}"] = getattr(ours[layer], kind).detach().clone()
    if "log_std" in theirs:
        found["log_std"] = policy.log_sd.detach().clone()
    return found


def fill(learner, trial: Trial, steps: Steps) -> None:
    """Put our steps into the peer's buffer, cut-off steps as its own collection puts them: with the
    discounted value of the state after in the reward."""
    buffer = learner.rollout_buffer
    buffer.reset()
    begins = np.zeros(trial.copies, dtype=np.float32)
    cut_off = steps.ends.clone()
    cut_off[:, -1] = False  # at the stretch's end the peer is given the value itself
    for step in range(trial.stretch):
        extra = trial.settings.gamma * steps.after[:, step] * cut_off[:, step].float()
        action = steps.action[:, step].numpy()
        buffer.add(
            steps.observation[:, step].numpy(),
            action.reshape(trial.copies, -1),
            (steps.reward[:, step] + extra).numpy(),
            begins,
            steps.value[:, step],
            steps.log_prob[:, step],
        )
        begins = steps.ends[:, step].float().numpy()
    buffer.compute_returns_and_advantage(steps.after[:, -1], np.zeros(trial.copies))


@pytest.mark.parametrize("limit", [CUT_OFF, ENDLESS])
@pytest.mark.parametrize("trial", SHARED, ids=lambda trial: trial.name)
def test_on_one_batch_our_update_moves_every_weight_as_the_peers_does(trial, limit):
    stretch = min(trial.stretch, 64)
    settings = trial.settings
    if trial.peer == "PPO":  # one minibatch: the order of rows is each library's own
        settings = replace(settings, minibatch=stretch * trial.copies)
    trial = replace(trial, stretch=stretch, settings=settings)
    task = Task(trial.task, trial.copies, seed=0, max_episode_steps=limit)
    policy, generator = policy_for(task, trial.head, 0), torch.Generator().manual_seed(1)
    with one_thread():
        learner = learner_of(trial, policy)
        optimizer = optimizer_of(trial, policy)
        for _ in range(-(-CUT_OFF // trial.stretch)):
            steps = task.stretch(policy, trial.stretch, generator, trial.hold)
        assert limit == ENDLESS or bool((steps.ends & (steps.after != 0))[:, :-1].any())
        fill(learner, trial, steps)
        before = named(policy, learner.policy.state_dict())
        learner.train()
        ALGORITHMS[trial.algorithm].update(policy, optimizer, [steps], settings, generator)
    after = named(policy, before)
    for name, theirs in learner.policy.state_dict().items():
        if name not in after:
            continue
        moved = float((theirs - before[name]).norm())
        apart = float((after[name] - theirs).norm())
        assert moved > 0, name
        assert apart < 0.005 * moved, f"{name}: {apart:.2e} apart after moving {moved:.2e}"
    task.close()
