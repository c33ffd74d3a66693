"""Run by Blender: lay the strips of a JSON file in the sequencer and render each frame as a PNG.

blender -b --factory-startup --python-exit-code 3 --python blender_film.py -- STRIPS.json FOLDER
"""

import json
import sys
from pathlib import Path

import bpy


def main(strips: Path, folder: Path) -> None:
    """strips: width, height, rate [numerator, denominator], frames, tracks [[strip]] from below."""
    film = json.loads(strips.read_text(encoding="utf-8"))
    scene = bpy.context.scene
    _set_up(scene.render, film)
    scene.view_settings.view_transform = "Standard"  # the default is a film stock's look
    scene.frame_start, scene.frame_end = 1, film["frames"]  # Blender's first frame is 1
    editor = scene.sequence_editor_create()
    laid = editor.strips if hasattr(editor, "strips") else editor.sequences  # its name until 4.4
    for channel, track in enumerate(film["tracks"], start=1):
        for strip in track:
            _lay(laid, channel, strip)
    scene.render.filepath = f"{folder}/"
    bpy.ops.render.render(animation=True)


def _set_up(render, film) -> None:
    render.resolution_x, render.resolution_y = film["width"], film["height"]
    render.resolution_percentage = 100
    render.fps = round(film["rate"][0] / film["rate"][1])
    render.fps_base = render.fps * film["rate"][1] / film["rate"][0]
    render.image_settings.file_format = "PNG"
    render.image_settings.compression = 0


def _lay(laid, channel: int, strip) -> None:
    """strip: path, first (of the media), start (of the film) and length, in frames; shown."""
    movie = laid.new_movie(
        name="strip",
        filepath=strip["path"],
        channel=channel,
        frame_start=1 + strip["start"] - strip["first"],
        fit_method="FIT",
    )
    movie.frame_offset_start = strip["first"]
    movie.frame_final_duration = strip["length"]
    movie.mute = not strip["shown"]


main(*map(Path, sys.argv[sys.argv.index("--") + 1 :]))
