"""Turn what analysis knows of the clips' loudness into a small gain for each, so that one voice
is not half as loud as the next."""

from collections.abc import Iterable, Mapping

import numpy as np

from editor.film.timeline import Timeline
from editor.footage.measures import Sound

MOST = 6.0  # dB either way: beyond that a level difference is the scene's, not the microphone's
ENOUGH_SPEECH = 0.5  # s of speech in the film from which a clip's voice is measured
STEP = 0.1  # s between momentary loudness values
WINDOW = 0.4  # s that one of them looks at
FAINTEST = -60.0  # LUFS; softer moments are pauses
ABOVE_VOICES = 3.0  # LU that sound without speech may lie above the voices


def gains(timeline: Timeline, sounds: Mapping[str, Sound]) -> dict[str, float]:
    """Gain in dB of each clip by digest, within MOST: voices meet at their median loudness, and
    clips without speech that are much louder come down. Empty where fewer than two clips speak
    and nothing is louder than they are."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for cut in timeline.cuts:
        span = (cut.source.first / cut.clip.rate, cut.source.stop / cut.clip.rate)
        spans.setdefault(cut.clip.digest, []).append((float(span[0]), float(span[1])))
    used = {digest: sounds[digest] for digest in spans if digest in sounds}
    voices = {digest: _voice(sound, spans[digest]) for digest, sound in used.items()}
    spoken = {digest: voice for digest, voice in voices.items() if voice is not None}
    if not spoken:
        return {}
    target = float(np.median(list(spoken.values())))
    result = {}
    for digest, sound in used.items():
        if digest in spoken:
            result[digest] = float(np.clip(target - spoken[digest], -MOST, MOST))
        elif (level := _loudness(sound, spans[digest])) is not None:
            result[digest] = float(np.clip(target + ABOVE_VOICES - level, -MOST, 0.0))
    return {digest: gain for digest, gain in result.items() if gain}


def _voice(sound: Sound, used: Iterable[tuple[float, float]]) -> float | None:
    """Loudness in LUFS of a clip's speech inside the used spans (s), or None for too little."""
    inside = [
        (max(begin, first), min(end, stop))
        for begin, end in sound.speech
        for first, stop in used
        if min(end, stop) > max(begin, first)
    ]
    if sum(stop - first for first, stop in inside) < ENOUGH_SPEECH:
        return None
    return _loudness(sound, inside)


def _loudness(sound: Sound, spans: Iterable[tuple[float, float]]) -> float | None:
    """Mean loudness in LUFS of the moments whose middle lies in the spans (s)."""
    middles = np.arange(len(sound.loudness)) * STEP + WINDOW / 2
    inside = np.zeros(len(middles), dtype=bool)
    for first, stop in spans:
        inside |= (middles >= first) & (middles < stop)
    values = sound.loudness[inside & (sound.loudness > FAINTEST)]
    if not len(values):
        return None
    return float(10 * np.log10(np.mean(10 ** (values.astype(np.float64) / 10))))
