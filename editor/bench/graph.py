"""Turn a timeline into the one ffmpeg command that makes the same edit: the floor of rendering."""

from pathlib import Path

import imageio_ffmpeg

from editor.film import encode
from editor.film.render import encoder_options
from editor.film.timeline import Timeline

FADE = 0.005  # s at either end of a cut's sound, as the project's own joins have


def ffmpeg_graph(timeline: Timeline, film: Path) -> list[str | Path]:
    """The command: one seeked input a cut, faded and joined; levelled, limited and measured.

    The picture's encoder settings are the render's own. The sound is raised by a fixed gain where
    the render measures first, so the floor does less work than the render, never more.
    """
    command: list[str | Path] = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-nostdin", "-v", "error"]
    chains, joined = [], ""
    for n, cut in enumerate(timeline.cuts):
        length = len(cut.source) / cut.clip.rate
        # Half a frame early: seeking by time then finds exactly the frame.
        seek = max(0.0, float((cut.source.first - 0.5) / cut.clip.rate))
        command += ["-ss", f"{seek:.6f}", "-t", f"{float(length):.6f}", "-i", cut.clip.path]
        chains.append(f"[{n}:v]setpts=PTS-STARTPTS[v{n}]")
        out = float(length) - FADE
        chains.append(
            f"[{n}:a]aresample=48000,aformat=channel_layouts=stereo,asetpts=PTS-STARTPTS,"
            f"afade=t=in:d={FADE},afade=t=out:st={out:.6f}:d={FADE}[a{n}]"
        )
        joined += f"[v{n}][a{n}]"
    chains.append(f"{joined}concat=n={len(timeline.cuts)}:v=1:a=1[v][mixed]")
    chains.append("[mixed]volume=3dB,alimiter=limit=0.8:level=0,ebur128=peak=true[a]")
    options = encoder_options(timeline.rate)
    filters = options.index("-vf")
    chains.append(f"[v]{options[filters + 1]}[tagged]")
    coder = [*options[:filters], *options[filters + 2 :]]
    coder.remove("-an")
    return [
        *command, "-filter_complex", ";".join(chains), "-map", "[tagged]", "-map", "[a]",
        *coder, "-c:a", "aac", "-b:a", str(encode.SOUND_BIT_RATE), "-movflags", "+faststart", film,
    ]  # fmt: skip
