"""Turn a version's edit into what the store is told of it."""

from collections.abc import Mapping

from editor.correcting import footage
from editor.film import saved
from editor.film.saved import Edit
from editor.film.timeline import Cut
from editor.footage import ingest
from editor.store.rows import CutFacts, VersionFacts
from editor.timing import rate_text
from editor.versions import Version


def made_at(version: Version) -> float:
    """When a version was made, s since the epoch; 0 where that cannot be told."""
    try:
        return (version.folder / saved.NAME).stat().st_mtime
    except OSError:
        return 0.0


def facts(version: Version, digest: str, edit: Edit) -> VersionFacts:
    """The row of a version. digest: of its edit.json."""
    timeline, asked = edit.timeline, edit.asked
    style = asked.get("style")
    clips = footage.known(edit)
    policy = asked.get("policy")
    return VersionFacts(
        title=version.title,
        name=version.name,
        number=version.number,
        edit=digest,
        parent=edit.parent,
        made_by=edit.made_by,
        made_at=made_at(version),
        frames=timeline.frames,
        rate=rate_text(timeline.rate),
        style=str(style["name"]) if isinstance(style, Mapping) and "name" in style else None,
        policy=policy if isinstance(policy, str) else None,
        cuts=tuple(_cut_facts(cut) for cut in timeline.cuts),
        clips={key: (str(clip.path), ingest.to_facts(clip)) for key, clip in clips.items()},
    )


def _cut_facts(cut: Cut) -> CutFacts:
    return CutFacts(
        clip=cut.clip.digest,
        clip_in=cut.source.first,
        clip_out=cut.source.stop,
        film_in=cut.start,
        film_out=cut.stop,
        shot=cut.shot,
        reward=cut.reward,
        terms=dict(cut.terms),
    )
