"""Turn all that was corrected and judged in an outputs folder into lessons; have them learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from editor.config import load_style
from editor.correcting import analyses, history
from editor.correcting.desk import Desk, Opened
from editor.cutting import agent, learned, pool
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.pool import Pool
from editor.cutting.taste import Trims
from editor.errors import EditorError, FootageError, PolicyError
from editor.film.timeline import Timeline
from editor.learning import retraining, telling
from editor.learning.lessons import Lesson, Preference, Verdict
from editor.learning.retraining import Asked, Retrained
from editor.learning.telling import Shown
from editor.progress import Advance, Watch
from editor.store import VerdictRow

DEFAULT_STYLE = "default"  # of a version that does not say its style


@dataclass(frozen=True)
class Gathered:
    """What there is to learn from, and what there is not."""

    lessons: tuple[Lesson, ...]
    preferences: tuple[Preference, ...]
    shown: tuple[Shown, ...]  # versions that could be compared next
    left_out: tuple[tuple[str, str], ...]  # version, why nothing can be learned from it
    contradictions: tuple[str, ...]


@dataclass(frozen=True)
class Taught:
    """What a retraining came to, for the editor."""

    retrained: Retrained
    gathered: Gathered
    next_pair: tuple[str, str] | None  # versions that it would most like compared


@dataclass(frozen=True)
class _Shoot:
    """A version's footage as a stage."""

    pool: Pool
    stage: Stage


def retrain(
    desk: Desk,
    watch: Watch,
    titles: Sequence[str] = (),
    *,
    steps: int = retraining.STEPS,
    seed: int = 0,
    dry: bool = False,
    command: str = "",
) -> Taught:
    """Learn from the versions named, or from all. Raises EditorError where there is nothing at all
    to learn from. Interrupted, the same call goes on from its checkpoint."""
    policies = desk.outputs / learned.POLICIES
    with watch.stage("corrections") as advance:
        gathered = gather(desk, titles, advance)
    if not gathered.lessons and not gathered.preferences:
        raise EditorError(_nothing(gathered))
    present = agent.default_policy(policies)
    asked = Asked(
        gathered.lessons, gathered.preferences, policies, present, steps, seed, dry, command
    )
    run = None if dry else desk.store.begin_run("retrain", {"from": _titles(gathered)})
    try:
        with watch.stage("learning") as advance:
            done = retraining.retrain(asked, advance)
    except BaseException:
        if run is not None:
            desk.store.end_run(run, "stopped", None, {})
        raise
    if run is not None and done.folder is not None:
        _note(desk, run, done)
    return Taught(done, gathered, telling.ask_next(done.learned, gathered.shown))


def _titles(gathered: Gathered) -> list[str]:
    return [one.title for one in gathered.lessons] + [one.title for one in gathered.preferences]


def _note(desk: Desk, run: int, done: Retrained) -> None:
    """Make the policy known to the store, and say how the run ended."""
    facts = dict(done.policy.facts)
    file = f"{learned.POLICIES}/{done.policy.name}/{learned.FILE}"
    desk.store.add_policy(done.policy.name, file, "", str(facts["parent"]), facts)
    if done.policy.promoted:
        desk.store.use_policy(done.policy.name, f"promoted: {done.judgement.why}")
    told = {"promoted": done.policy.promoted, "why": done.judgement.why}
    desk.store.end_run(run, "done", done.policy.name, told)


def _nothing(gathered: Gathered) -> str:
    why = "; ".join(f"{title}: {reason}" for title, reason in gathered.left_out[:3])
    return (
        "There is nothing to learn from yet: correct a version (review), approve or reject one, or"
        f" prefer one of two.{f' Left out: {why}' if why else ''}"
    )


# --- gathering ------------------------------------------------------------------------------------


def gather(
    desk: Desk, titles: Sequence[str], advance: Advance = lambda done, total, label: None
) -> Gathered:
    """All lessons of an outputs folder, or of the versions named. What cannot teach is told with
    the reason. Raises EditorError for a title that is none."""
    for title in titles:
        desk.find(title)
    listed = [one for one in desk.versions() if not titles or one.version.title in titles]
    lessons: list[Lesson] = []
    shown: list[Shown] = []
    left_out: list[tuple[str, str]] = []
    said: list[str] = []
    for number, one in enumerate(sorted(listed, key=lambda one: one.version.title)):
        title = one.version.title
        advance(number, len(listed), title)
        if one.row is None:
            left_out.append((title, one.problem))
            continue
        try:
            opened = desk.open(title)
            shoot = _shoot(desk, opened)
        except EditorError as err:
            left_out.append((title, str(err)))
            continue
        said += [f"{title}: {line}" for line in history.contradictions(opened)]
        shown.append(Shown(title, one.version.name, shoot.pool, shoot.stage, opened.timeline))
        lesson = _lesson(desk, opened, shoot)
        if lesson is not None:
            lessons.append(lesson)
    preferences, without = _preferences(desk, shown)
    return Gathered(
        tuple(lessons),
        preferences,
        tuple(shown),
        (*left_out, *without),
        (*said, *history.contrary_preferences(desk)),
    )


def _shoot(desk: Desk, opened: Opened) -> _Shoot:
    """The footage that a version was cut from as it is known here. No footage is analysed anew.

    Raises FootageError where an analysis that the film needs is not in the cache.
    """
    title, edit = opened.version.title, opened.edit
    clips = desk.footage(title)
    known = analyses.kept(clips.values(), edit, desk.cache)
    used = {cut.clip.digest: cut.clip.name for cut in (*edit.timeline.cuts, *opened.timeline.cuts)}
    missing = sorted(name for digest, name in used.items() if digest not in known)
    if missing:
        states = desk.states(title)
        gone = sorted(
            one.says for digest, one in states.items() if digest in used and one.state != "here"
        )
        raise FootageError(
            gone[0]
            if gone
            else f"{', '.join(missing[:3])}: not analysed in this outputs folder. Run analyze."
        )
    style = analyses.style_of(edit) or load_style(DEFAULT_STYLE)
    offer = pool.build([clip for clip in clips.values() if clip.digest in known], known, style)
    asked = edit.asked.get("duration_s")
    duration = float(asked) if isinstance(asked, int | float) else float(edit.timeline.duration)
    brief = Brief(style, max(1.0, duration), style.order, 0, desk.beats(opened), edit.timeline.rate)
    try:
        return _Shoot(offer, make_stage(offer, brief))
    except ValueError as err:
        raise FootageError(str(err)) from err


def _lesson(desk: Desk, opened: Opened, shoot: _Shoot) -> Lesson | None:
    """What a version teaches; None where nobody did or said anything."""
    before, after = _before(desk, opened), opened.timeline
    verdicts = _verdicts(opened)
    if before.cuts == after.cuts and not verdicts:
        return None
    title = opened.version.title
    return Lesson(
        title,
        opened.version.name,
        shoot.pool,
        shoot.stage,
        before,
        after,
        _applied(desk, opened.edit.asked),
        verdicts,
    )


def _before(desk: Desk, opened: Opened) -> Timeline:
    """What the editor had before them: the version as it was made; of one that another editing
    program changed, the version that it came from."""
    edit = opened.edit
    if edit.made_by == "import" and edit.parent is not None:
        try:
            return desk.open(edit.parent).edit.timeline
        except EditorError:  # the parent is gone: its corrections cannot be told from its cuts
            return edit.timeline
    return edit.timeline


def _applied(desk: Desk, asked: Mapping[str, Any]) -> Trims:
    """The habit that a version was cut with, by the policy that cut it."""
    name, policies = asked.get("policy"), desk.outputs / learned.POLICIES
    if not isinstance(name, str) or name not in learned.names(policies):
        return Trims()
    try:
        return learned.read(policies, name).taste.trims
    except PolicyError:  # a damaged policy is said where it is used
        return Trims()


def _verdicts(opened: Opened) -> tuple[Verdict, ...]:
    place = {f"c{number}": number - 1 for number in range(1, len(opened.edit.timeline.cuts) + 1)}
    found: list[Verdict] = []
    for cut, row in opened.verdicts.items():
        if cut is None or cut in place:
            at = None if cut is None else place[cut]
            found += [Verdict(row.verdict == "approve", at, why) for why in _reasons(row)]
    return tuple(found)


def _reasons(row: VerdictRow) -> tuple[str | None, ...]:
    return tuple(row.reasons) or (None,)


def _preferences(
    desk: Desk, shown: Sequence[Shown]
) -> tuple[tuple[Preference, ...], tuple[tuple[str, str], ...]]:
    """The comparisons that were answered, of versions that can be read."""
    titles = {row.id: row.title for row in desk.store.versions()}
    known = {one.title: one for one in shown}
    found, lost = list[Preference](), list[tuple[str, str]]()
    for row in desk.store.preferences():
        if row.preferred is None:
            continue
        left, right = titles[row.left], titles[row.right]
        if left not in known or right not in known:
            continue
        one, other = known[left], known[right]
        name = f"{left} and {right}"
        if {clip.digest for clip in one.pool.clips} != {clip.digest for clip in other.pool.clips}:
            lost.append((name, "they were cut from different footage"))
            continue
        films = (
            desk.at(desk.open(left), row.left_revision).state.timeline,
            desk.at(desk.open(right), row.right_revision).state.timeline,
        )
        better, worse = films if row.preferred == row.left else films[::-1]
        found.append(Preference(name, one.group, one.pool, one.stage, better, worse))
    return tuple(found), tuple(lost)


# --- policies -------------------------------------------------------------------------------------


def use(desk: Desk, name: str) -> None:
    """Let a policy cut where none is named. Raises PolicyError for one that cannot be used."""
    policies = desk.outputs / learned.POLICIES
    agent.load_policy(name, policies)
    learned.use(policies, name)
    desk.store.use_policy(name, "chosen")


@dataclass(frozen=True)
class Row:
    """A policy in the list."""

    name: str
    cuts: bool  # where none is named
    learned: bool  # here, from corrections
    promoted: bool
    says: str
    problem: str = ""  # why it cannot be used


def listed(desk: Desk) -> tuple[Row, ...]:
    """Every policy that can cut here, learned ones first."""
    policies = desk.outputs / learned.POLICIES
    now = agent.default_policy(policies)
    rows = []
    for name in learned.names(policies):
        try:
            mine = learned.read(policies, name)
        except PolicyError as err:
            rows.append(Row(name, name == now, True, False, "", str(err)))
            continue
        said = "; ".join(str(line) for line in mine.facts.get("learned", []))
        rows.append(Row(name, name == now, True, mine.promoted, said))
    trained = [name for name in agent.policy_names() if name not in BASELINES]
    rows += [Row(name, name == now, False, True, "") for name in trained]
    return tuple(rows)


@dataclass(frozen=True)
class Compared:
    """Two policies on the corrected films of this folder."""

    one: str
    other: str
    films: int
    distance: tuple[float, float]  # corrections a cut from each one's film to the corrected one


def compare(desk: Desk, one: str, other: str, watch: Watch, seed: int = 0) -> Compared:
    """Let two policies cut every corrected shoot again, and say how far each stays from what the
    editor made of it. Films that a policy learned from flatter it.

    Raises EditorError where nothing was corrected, PolicyError for an unknown policy.
    """
    policies = desk.outputs / learned.POLICIES
    cutters = [agent.load_policy(name, policies) for name in (one, other)]
    with watch.stage("corrections") as advance:
        lessons = gather(desk, (), advance).lessons
    if not lessons:
        raise EditorError("Nothing was corrected here: there is nothing to compare policies by.")
    totals = [0.0, 0.0]
    with watch.stage("cutting") as advance:
        for number, lesson in enumerate(lessons):
            for which, cutter in enumerate(cutters):
                advance(number + which / 2, len(lessons), f"{lesson.title} by {cutter.name}")
                brief = replace(lesson.stage.brief, seed=seed)
                decision = agent.cut(lesson.pool, brief, cutter)
                film = agent.assemble(
                    lesson.pool, decision, brief.rate, lesson.before.size, None, lesson.before.fit
                )
                totals[which] += retraining.apart(film, lesson.after)
    count = len(lessons)
    return Compared(one, other, count, (totals[0] / count, totals[1] / count))
