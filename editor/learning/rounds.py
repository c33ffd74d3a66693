"""Measure whether corrections teach: simulated editors correct, and the next cut needs less.

Editors are simulated, and every figure here is a simulation's. Pools are simulated too; an editor's
unseen pools are cut by every arm, and corrected by the same editor in the same mood. What is done
of one editor and seed is kept on the disk, so that a measurement that was stopped goes on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from editor.cutting import agent
from editor.errors import StyleError
from editor.learning import editors, trial
from editor.learning.fingerprint import code_digest
from editor.learning.rounds_table import Row, by_editor, summary
from editor.learning.trial import Plan, Roughs
from editor.progress import Watch
from models import checkpoint
from models.rollout import one_thread

FOLDER = ".editors"  # within the outputs: what is measured already

Advance = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Asked:
    """What is asked of `evaluate --editors`."""

    policy: str
    seeds: Sequence[int]
    outputs: Path
    plan: Plan
    names: tuple[str, ...] = ()  # of editors; none: all
    jobs: int = 1  # processes


@dataclass(frozen=True)
class _Task:
    """One editor on one seed; no editor: the rough cuts that all of the seed's editors correct."""

    asked: Asked
    folder: Path
    seed: int
    editor: str | None = None

    @property
    def path(self) -> Path:
        """Where what it found is kept."""
        return self.folder / f"{self.seed}-{self.editor or 'rough'}.json"


def evaluate(asked: Asked, watch: Watch) -> dict[str, Any]:
    """The whole measurement; raises PolicyError, StyleError."""
    plan = asked.plan
    if any(not 0 <= share <= 1 for share in plan.wrong):
        raise StyleError(f"--wrong takes shares between 0 and 1, not {list(plan.wrong)}.")
    agent.load_weights(asked.policy)  # refused here, not in a process
    with watch.stage("simulated editors") as advance:
        rows = measure(asked, advance)
    return {
        "what": "simulated editors: none of them is a person",
        "policy": asked.policy + agent.SEARCH,
        "seeds": list(asked.seeds),
        "plan": asdict(plan),
        "editors": [asdict(one) for one in _editors(asked)],
        "table": summary(rows),
        "by_editor": by_editor(rows),
        "rows": [asdict(row) for row in rows],
    }


def measure(asked: Asked, advance: Advance) -> list[Row]:
    """Measure what is not measured yet, and return all of it."""
    here = folder(asked)
    here.mkdir(parents=True, exist_ok=True)
    roughs = [_Task(asked, here, seed) for seed in asked.seeds]
    tasks = [_Task(asked, here, seed, one.name) for seed in asked.seeds for one in _editors(asked)]
    # Rough cuts take about as long as one editor.
    total = float(len(roughs) + len(tasks))
    done = 0
    for some in (roughs, tasks):
        left = [task for task in some if not task.path.exists()]
        done += len(some) - len(left)
        advance(done, total, "")
        for task in _each_done(left, asked.jobs):
            done += 1
            advance(done, total, f"{task.editor or 'rough cuts'}, seed {task.seed}")
    found = [json.loads(task.path.read_text(encoding="utf-8")) for task in tasks]
    return [Row(**row) for rows in found for row in rows]


def _each_done(tasks: Sequence[_Task], jobs: int) -> Iterator[_Task]:
    """Do tasks in some processes, and tell of each as it is done."""
    if jobs < 2 or len(tasks) < 2:
        for task in tasks:
            yield _do(task)
        return
    with ProcessPoolExecutor(min(jobs, len(tasks)), get_context("spawn")) as pool:
        going = [pool.submit(_do, task) for task in tasks]
        try:
            for one in as_completed(going):
                yield one.result()
        except BaseException:  # what runs is given up with what waits, whatever the reason
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _do(task: _Task) -> _Task:
    """Do a task and keep what it found: whole or not at all."""
    asked, plan = task.asked, task.asked.plan
    policy = agent.load_weights(asked.policy)
    with one_thread():
        if task.editor is None:
            found: Any = trial.rough_cuts(plan, policy, task.seed)
        else:
            mine = next(one for one in editors.editors() if one.name == task.editor)
            known = _roughs(replace(task, editor=None).path)
            rows = trial.run(plan, policy, mine, task.seed, *trial.cases(plan, task.seed, known))
            found = [asdict(row) for row in rows]
    checkpoint.write_bytes(task.path, json.dumps(found).encode())
    return task


def _roughs(path: Path) -> Roughs:
    taught, unseen = (
        tuple(tuple((cut[0], cut[1], cut[2]) for cut in film) for film in films)
        for films in json.loads(path.read_text(encoding="utf-8"))
    )
    return taught, unseen


def _editors(asked: Asked) -> list[editors.Editor]:
    return [one for one in editors.editors() if not asked.names or one.name in asked.names]


def folder(asked: Asked) -> Path:
    """Where the measurement is kept: another plan, policy or code is another measurement."""
    path = agent.WEIGHTS / f"{asked.policy}.safetensors"
    path = path if path.exists() else Path(asked.policy)
    told = [json.dumps(asdict(asked.plan), sort_keys=True), code_digest()]
    told.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return asked.outputs / FOLDER / hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def plan_of(wrong: Sequence[float]) -> Plan:
    """The table's plan with these shares of mistakes."""
    return replace(Plan(), wrong=tuple(wrong))
