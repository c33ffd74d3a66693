"""Say what a retraining came to, and what policies there are: as text and as plain values."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from editor.correcting import teaching
from editor.correcting.desk import Desk
from editor.correcting.teaching import Compared, Row, Taught
from editor.errors import EditorError
from editor.learning.retraining import STEPS
from editor.progress import Watch, printable

ASKED = {"list": 0, "use": 1, "compare": 2}  # names that an action of `policies` takes


def as_json(taught: Taught) -> dict[str, Any]:
    """A retraining as plain values."""
    done, gathered = taught.retrained, taught.gathered
    taste, found = done.policy.taste, done.learned.taste
    return {
        "policy": done.policy.name if done.folder else None,
        "folder": str(done.folder) if done.folder else None,
        "promoted": done.policy.promoted,
        "why": done.judgement.why,
        "films": done.films,
        "corrections": done.corrections,
        "judgement": asdict(done.judgement),
        "learned": list(done.words.learned),
        "seems": list(done.words.seems),
        "unsure": list(done.words.unsure),
        "cannot": list(done.words.cannot),
        "pace": taste.pace,
        "trims_s": {"in": taste.trims.head, "out": taste.trims.tail},
        "weights": {
            name: {"gained": round(gained, 5), "doubt": round(doubt, 5)}
            for name, gained, doubt in zip(
                found.names,
                done.learned.gained.tolist(),
                done.learned.doubt.tolist(),
                strict=True,
            )
        },
        "steps": done.steps,
        "kl": done.kl,
        "compare_next": list(taught.next_pair) if taught.next_pair else None,
        "left_out": [{"version": title, "reason": why} for title, why in gathered.left_out],
        "contradictions": list(gathered.contradictions),
    }


def text(taught: Taught) -> str:
    """A retraining for people."""
    done, gathered = taught.retrained, taught.gathered
    films = f"{done.films} film{'s' if done.films != 1 else ''}"
    lines = [f"Read    {done.corrections} corrections of {films}"]
    lines += _labelled("Learned", done.words.learned)
    lines += _labelled("Seems", done.words.seems)
    lines += _labelled("Unsure", done.words.unsure)
    lines += _labelled("Not yet", done.words.cannot)
    lines += _labelled("Odd", gathered.contradictions)
    lines += _labelled(
        "Left out", [f"{title}: {printable(why)}" for title, why in gathered.left_out]
    )
    if done.folder is None:
        fate = "would be promoted" if done.policy.promoted else "would not be promoted"
        lines.append(f"Dry run the policy {fate}: {done.judgement.why}")
    elif done.policy.promoted:
        lines.append(f"Cuts    {done.policy.name}, from now on: {done.judgement.why}")
    else:
        lines.append(f"Kept    {done.policy.name}, not promoted: {done.judgement.why}")
    if done.folder is not None:
        lines.append(f"Picture {printable(str(done.folder / 'learned.png'))}")
    if taught.next_pair:
        one, other = taught.next_pair
        lines.append(f"Ask     which do you prefer, {one} or {other}? That would teach most.")
    return "\n".join(lines)


def _labelled(label: str, said: tuple[str, ...] | list[str]) -> list[str]:
    return [f"{label if not number else '':8}{printable(one)}" for number, one in enumerate(said)]


def retrain(
    outputs: Path,
    versions: tuple[str, ...],
    steps: int | None,
    seed: int,
    dry: bool,
    command: str,
    watch: Watch,
) -> Taught:
    """Learn from an outputs folder. Raises EditorError."""
    with Desk(outputs) as desk:
        return teaching.retrain(
            desk,
            watch,
            versions,
            steps=STEPS if steps is None else steps,
            seed=seed,
            dry=dry,
            command=command,
        )


# --- policies -------------------------------------------------------------------------------------


def policies(
    outputs: Path, action: str, names: tuple[str, ...], seed: int, watch: Watch
) -> tuple[dict[str, Any], str]:
    """List, choose or compare policies: as plain values and as text. Raises EditorError."""
    if len(names) != ASKED[action]:
        raise EditorError(f"policies {action} takes {ASKED[action]} names, not {len(names)}.")
    with Desk(outputs) as desk:
        if action == "compare":
            found = teaching.compare(desk, names[0], names[1], watch, seed)
            return asdict(found), _compared(found)
        if action == "use":
            teaching.use(desk, names[0])
            return {"cuts": names[0]}, f"{names[0]} cuts from now on where no policy is named."
        rows = teaching.listed(desk)
        return {"policies": [asdict(row) for row in rows]}, "\n".join(_row(row) for row in rows)


def _row(row: Row) -> str:
    mark = "*" if row.cuts else " "
    what = "" if not row.learned else "promoted" if row.promoted else "kept, not promoted"
    said = f"  {row.problem or row.says}" if row.problem or row.says else ""
    return f"{mark} {row.name:20} {what:19}{printable(said)}".rstrip()


def _compared(found: Compared) -> str:
    one, other = found.distance
    nearer = found.one if one < other else found.other
    return (
        f"Corrections a cut that the films of {found.films} corrected versions still need:\n"
        f"  {found.one:20} {one:.2f}\n  {found.other:20} {other:.2f}\n"
        f"{nearer} is nearer to what you made. What a policy learned from flatters it."
    )
