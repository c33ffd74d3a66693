"""Make the sample footage: `python sample_footage/make.py [FOLDER]` draws, speaks and encodes it.

Every picture and sound is made here, from seeded noise and drawn outlines; nothing is downloaded.
With the library versions in `manifest.json`, the clips' decoded frames are the same every time.
Needs what the project needs, and espeakng-loader (GPL-3, for the voices; a tool of this script).
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

import camera
import cv2
import foley
import numpy as np
import speech
import stage
from people import Pose
from takes import TAKES, Take
from writer import write

HERE = Path(__file__).parent
IN, HIT, GONE = 0.3, 1.35, 2.15  # s: the slate is held still, claps, is away
UNSLATED = 0.5  # s of settling before an unslated shot begins


@dataclass(frozen=True)
class Plan:
    """When what happens in a take, in s after its first frame."""

    begin: float  # the slate is away, the take begins
    cue: float  # first word, or the action
    over: float  # the line or the action is over
    end: float  # length of the clip
    voice: np.ndarray | None  # the line at speech.RATE


def plan(take: Take) -> Plan:
    """Speak the take's line and lay out its time."""
    begin = GONE if take.slate else UNSLATED
    cue = begin + take.wait
    voice = None
    length = take.action
    if take.text:
        who = speech.MIRA if take.speaker == "mira" else speech.TOM
        voice = speech.say(take.text, who, take.words)
        length = len(voice) / speech.RATE
    over = cue + length
    frames = round((over + take.dead + camera.JERK) * take.rate)
    return Plan(begin, cue, over, float(frames / take.rate), voice)


def acting(take: Take, when: Plan) -> stage.Moment:
    """The performance: who speaks, where they look, when they blink."""
    rate = float(take.rate)
    frames = round(when.end * rate)
    silent = np.zeros(frames)
    open_ = silent if when.voice is None else speech.mouth(when.voice, rate, frames, when.cue)
    mira = _pose(take, when, "mira", open_ if take.speaker == "mira" else silent, rate)
    tom = _pose(take, when, "tom", open_ if take.speaker == "tom" else silent, rate)
    return stage.Moment(mira, tom, when.cue)


def _pose(
    take: Take, when: Plan, who: str, open_: np.ndarray, rate: float
) -> Callable[[float], Pose]:
    """A pose for every moment of one actor, the same for every run of this take."""
    chance = np.random.default_rng(crc32(f"{take.name} {who}".encode()))
    towards = 1.0 if who == "mira" else -1.0
    blinks = np.cumsum(chance.uniform(1.6, 3.9, 12)) - 0.8
    phase = chance.uniform(0, 2 * np.pi, 4)
    emphasis = np.convolve(open_, np.hanning(max(3, int(rate * 0.5))), "same") / (rate * 0.25)
    ready, waits = when.begin + 0.35 * take.wait, when.over + 0.7

    def pose(t: float) -> Pose:
        now = min(int(t * rate), len(open_) - 1)
        slow = np.sin(2 * np.pi * 0.17 * t + phase[0]) + 0.5 * np.sin(
            2 * np.pi * 0.41 * t + phase[1]
        )
        played = stage.ease((t - ready) / 0.5) * (1 - stage.ease((t - waits) / 0.6))
        aside = stage.ease((t - waits) / 0.6)  # the line is over: a look towards the crew
        blink = float(np.max(np.clip(1 - np.abs(t - blinks) / 0.11, 0, 1)))
        beat = float(emphasis[now])
        speaking = 1.0 if who == take.speaker else 0.0
        regret = stage.ease((t - when.over + 0.6) / 0.4) if take.spoiled and speaking else 0.0
        return Pose(
            mouth=float(open_[now]),
            blink=blink,
            look=towards * (0.75 * played - 0.5 * aside)
            + 0.08 * float(slow)
            - 0.4 * towards * regret,
            turn=towards * (0.42 * played - 0.35 * aside) + 0.10 * float(slow),
            tilt=towards * 2.2 * played * float(np.sin(0.8 * t + phase[2]))
            + 3.0 * regret
            + 1.2 * beat,
            nod=7 * beat + 2.0 * float(slow) + 14 * regret,
            smile=0.55
            + 0.35 * speaking * played * float(np.sin(0.5 * t + phase[3]))
            + 0.8 * regret,
            brow=5 * beat + 6 * regret,
            breath=float(np.sin(2 * np.pi * 0.27 * t + phase[1])),
        )

    return pose


def hear(take: Take, when: Plan) -> np.ndarray:
    """The take's sound, (N,) float32 at speech.RATE: room, slate, line, and what is touched."""
    seed = crc32(take.name.encode())
    events: list[tuple[float, np.ndarray]] = []
    if take.slate:
        events.append((HIT, foley.clap(seed)))
    if when.voice is not None:
        events.append((when.cue, when.voice * (0.62 if take.setup == "wide" else 0.8)))
    if take.setup == "wide" and take.take > 1:
        events += [(when.over + 0.5 + 0.52 * i, foley.step(seed + i)) for i in range(2)]
    if "cup" in take.sounds:
        events.append((when.cue, foley.cup_down(seed)))
    if "pour" in take.sounds:
        events.append((when.cue + 0.85, foley.pour(2.9, seed)))
        events.append((when.cue + 5.3, foley.cup_down(seed + 4) * 0.4))
    if "kettle" in take.sounds:
        events.append((0.0, foley.kettle(when.end, seed)))
    if "rain" in take.sounds:
        events.append((0.0, foley.rain(when.end, seed)))
    return foley.mix(when.end, foley.room(when.end, seed + 77), events)


def film(take: Take, when: Plan) -> Callable[[int], np.ndarray]:
    """What the take's camera records: frame number -> (H, W, 3) uint8 RGB."""
    rate = float(take.rate)
    seed = crc32(take.name.encode())
    span = when.end - when.begin
    leave, arrive = (when.begin + share * span for share in take.move)
    larger = max(take.size) / 960
    start, end = (replace(at, zoom=at.zoom * larger) for at in (take.start, take.end))
    move = camera.Move(start, end, leave, arrive, take.shake, when.end, seed % 9973)
    sharp = max(start.zoom, end.zoom)
    act = stage.SETUPS[take.setup](acting(take, when), sharp)
    fps = f"{rate:.3f}".rstrip("0").rstrip(".")
    label = ["SECOND CUP", f"SCENE {take.scene}   TAKE {take.take}", f"ROLL 1   {fps} FPS"]
    board = stage.slate(label, round(take.size[0] * 0.46))

    def picture(number: int) -> np.ndarray:
        t = number / rate
        frame = stage.render(act, move, t, take.size)
        if take.slate and t < GONE:
            stage.clap(frame, board, t, HIT, GONE)
        noise = np.random.default_rng([seed, number])
        return stage.develop(frame, take.exposure, take.warmth, noise)

    return picture


def shoot(take: Take, folder: Path) -> Path:
    """Draw, record and write one take, and return its path."""
    when = plan(take)
    frames = round(when.end * float(take.rate))
    path = folder / f"{take.name}{take.suffix}"
    write(path, take, frames, film(take, when), hear(take, when), TAKES.index(take))
    return path


def truth(take: Take, when: Plan) -> dict[str, object]:
    """What is true of a take, for tests: the product never reads it."""
    return {
        "file": take.name + take.suffix,
        "setup": take.setup + "/" + take.scene,
        "take": take.take,
        "line": take.line,
        "speaker": take.speaker,
        "text": take.text,
        "false_start": take.spoiled,
        "rate": str(take.rate),
        "frames": round(when.end * float(take.rate)),
        "size": list(take.size),
        "rotation": take.rotation,
        "timecode": take.timecode,
        "clap_s": HIT if take.slate else None,
        "slate_end_s": GONE if take.slate else None,
        "begin_s": round(when.begin, 3),
        "speech_s": [[round(when.cue, 3), round(when.over, 3)]] if take.text else [],
        "action_s": None if take.text else [round(when.cue, 3), round(when.over, 3)],
        "tail_s": round(when.end - camera.JERK, 3),
        "end_s": round(when.end, 3),
    }


def main() -> None:
    """Make all clips, or those whose names are given, and the manifest beside them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument(
        "--only", nargs="*", help="names of takes, such as 4A_take1; none for the manifest alone"
    )
    wished = parser.parse_args()
    cv2.setNumThreads(1)  # the order of sums, and with it every last bit, stays the same
    wished.folder.mkdir(parents=True, exist_ok=True)
    takes = [take for take in TAKES if wished.only is None or take.name in wished.only]
    for number, take in enumerate(takes, 1):
        path = shoot(take, wished.folder)
        print(f"{number}/{len(takes)} {path.name}: {path.stat().st_size} bytes", flush=True)
    made_with = ("av", "numpy", "opencv-python", "pillow", "scipy", "espeakng-loader")
    clips = [truth(take, plan(take)) for take in TAKES]
    manifest = {"made_with": {name: version(name) for name in made_with}, "clips": clips}
    text = json.dumps(manifest, indent=1) + "\n"
    (wished.folder / "manifest.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
