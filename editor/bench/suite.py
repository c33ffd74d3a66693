"""Turn footage into the benchmark's rows: every figure beside the floor it is measured against."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import imageio_ffmpeg

from editor.bench import agent, footage
from editor.bench.footage import EASY, GRAINY, Recipe
from editor.bench.graph import ffmpeg_graph
from editor.bench.measure import Cost, ratio, run, turns
from editor.bench.table import Row
from editor.bench.tasks import clip_of, every_few_seconds
from editor.errors import EditorError, FootageError
from editor.footage.cache import Cache
from editor.progress import Watch
from editor.versions import PARTIAL

FEWEST_RUNS = 3  # medians of fewer tell nothing
LOOPS = 4  # times that made footage is repeated: starting a process must not be what is measured
HOUR, TENTH = 180, 18  # repeats of 20 s: an hour, and a tenth of it
MANY_SHOTS = Recipe("500 shots", (320, 180), 25, 10.0, 0.6, 2.0, 1.6, 100)
MANY_CLIPS = 88  # of it: at 1.6 s a shot, and with what is masked, over 500 shots on offer
TIMELINE = "timeline.otio"  # of a version: whole where it is there, for it is renamed when written
MINUTES = 300.0  # s in which a retraining is to be done
PYTHON = sys.executable


def machine() -> str:
    """The machine in a few words: figures are ratios, but people ask."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


class Unfinished(EditorError):
    """A part of the benchmark failed; `rows` were measured before."""

    def __init__(self, message: str, rows: list[Row]) -> None:
        super().__init__(message)
        self.rows = rows


def suite(files: Sequence[Path], runs: int, parts: Sequence[str], watch: Watch) -> list[Row]:
    """Measure. files: none makes footage. runs: at least 3 are counted, but as asked in a hurry.

    parts: some of PARTS. Raises FootageError for a missing file, Unfinished where a part fails.
    """
    for file in files:
        if not file.is_file():
            raise FootageError(f"{file}: no such file. bench takes video files, or none.")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="editor-bench-") as name:
        folder = Path(name)
        given = _given(files, folder, parts, watch)
        measured = [PARTS[part](given, folder, runs) for part in PARTS if part in parts]
        with watch.stage("measuring") as advance:
            try:
                for row in chain.from_iterable(measured):
                    rows.append(row)
                    advance(len(rows), _expected(parts, len(given)), row.what)
            except EditorError as err:
                raise Unfinished(str(err), rows) from err
    return rows


def _given(
    files: Sequence[Path], folder: Path, parts: Sequence[str], watch: Watch
) -> tuple[Path, ...]:
    """The files as asked, or made ones where a part needs them."""
    if files or not {"analysis", "render"} & set(parts):
        return tuple(files)
    with watch.stage("footage") as advance:
        made = []
        for recipe in (EASY, GRAINY):
            short = footage.make(recipe, folder / f"{recipe.name}-20s.mp4")
            made.append(footage.loop(short, LOOPS, folder / f"{recipe.name}.mp4"))
            advance(len(made), 2, recipe.name)
    return tuple(made)


def _expected(parts: Sequence[str], files: int) -> int:
    """Rows that the parts give, for the progress bar."""
    each = {
        "analysis": 4 * files,
        "render": 4 * files,
        "many": 3,
        "hour": 3,
        "agent": agent.NUMBER,
        "retrain": 2,
    }
    return sum(each[part] for part in parts)


def _task(*words: str | Path) -> list[str | Path]:
    return [PYTHON, "-m", "editor.bench.tasks", *words]


def _analysis(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """Analysis of each file against its floors; every run begins with an empty cache."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    for file in files:
        work = _work(file, folder)
        caches = iter(range(10_000))
        costs: dict[str, list[Cost]] = {}
        for turn in range(runs + 1):
            commands: dict[str, list[str | Path]] = {
                "decode": [ffmpeg, "-nostdin", "-i", file, "-f", "null", "-"],
                "detect": [PYTHON, "-m", "scenedetect", "-q", "-i", file, "detect-content"],
                "picture": _task("picture", file, work / "memo"),
                "analysis": _task("analysis", file, work / f"cache{next(caches)}"),
            }
            for key, command in commands.items():
                cost = run(command)
                if turn:
                    costs.setdefault(key, []).append(cost)
        yield _row("picture analysis / ffmpeg decode, CPU", file, costs, "picture", "decode", 1.3)
        yield _row(
            "picture analysis / PySceneDetect's command, wall", file, costs, "picture", "detect",
            1.0, wall=True,
        )  # fmt: skip
        yield _row("whole analysis / ffmpeg decode, CPU", file, costs, "analysis", "decode", 1.8)
        yield _memory("whole analysis", file, costs["analysis"], None)


def _work(file: Path, folder: Path) -> Path:
    """A folder for what is made of one file."""
    work = folder / f"{file.stem}-work"
    work.mkdir(exist_ok=True)
    return work


def _render(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """Both ways to render against one filter graph; the sound's analysis is at hand."""
    for file in files:
        work = _work(file, folder)
        store = work / "known"
        run(_task("analysis", file, store))
        timeline = every_few_seconds(clip_of(file, Cache(store)))
        commands: dict[str, Sequence[str | Path]] = {
            "graph": ffmpeg_graph(timeline, work / "graph.mp4"),
            "moviepy": _task("render", file, store, work / "moviepy.mp4", "moviepy"),
            "direct": _task("render", file, store, work / "direct.mp4", "direct"),
        }
        costs = turns(commands, runs)
        for way, target in (("moviepy", 1.4), ("direct", 1.15)):
            for wall, unit in ((False, "CPU"), (True, "wall")):
                what = f"render ({way}) / one filter graph, {unit}"
                yield _row(what, file, costs, way, "graph", target, wall=wall)


def _row(
    what: str,
    file: Path,
    costs: dict[str, list[Cost]],
    over: str,
    under: str,
    target: float,
    wall: bool = False,
) -> Row:
    def values(name: str) -> list[float]:
        return [cost.wall if wall else cost.cpu for cost in costs[name]]

    middle, least, greatest = ratio(values(over), values(under))
    return Row(what, file.stem, middle, least, greatest, target, "x", len(costs[over]))


def _memory(what: str, file: Path, costs: Sequence[Cost], target: float | None) -> Row:
    peaks = sorted(cost.memory for cost in costs)
    middle = peaks[len(peaks) // 2]
    return Row(
        f"{what}, peak memory", file.stem, middle, peaks[0], peaks[-1], target, "MB", len(peaks)
    )


def _many(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """A second cut of 500 shots, from the start of its process until its timeline is whole."""
    many = folder / "many"
    many.mkdir()
    for n in range(MANY_CLIPS):
        footage.make(replace(MANY_SHOTS, seed=MANY_SHOTS.seed + n), many / f"clip{n:03}.mp4")
    outputs = folder / "out"
    cut: list[str | Path] = [PYTHON, "-m", "editor", "cut", many, "--outputs", outputs]
    cut += ["--no-render", "--duration", "120", "--json"]
    first = run(cut)
    shots = json.loads(first.output)["footage"]["shots"]
    cuts, torch = [], []
    for _ in range(runs):
        cuts.append(run(cut, lambda: any(outputs.glob(f"{PARTIAL}*/{TIMELINE}"))))
        torch.append(run([PYTHON, "-c", "import torch"]))
    pairs = list(zip(cuts, torch, strict=True))
    what = "second cut from the cache to its timeline, beyond importing torch"
    wall = [cut.reached_wall - bare.wall for cut, bare in pairs]
    cpu = [cut.reached_cpu - bare.cpu for cut, bare in pairs]
    yield _seconds(f"{what}, wall", shots, wall, 3.0)
    yield _seconds(f"{what}, CPU", shots, cpu, None)
    yield _seconds("importing torch, CPU", shots, [bare.cpu for bare in torch], None)


def _seconds(what: str, shots: int, figures: Sequence[float], target: float | None) -> Row:
    ranked = sorted(figures)
    middle = ranked[len(ranked) // 2]
    return Row(what, f"{shots} shots", middle, ranked[0], ranked[-1], target, "s", len(ranked))


def _hour(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """Memory of an hour's analysis, and of a tenth of it."""
    source = folder / f"{EASY.name}-20s.mp4"
    if not source.exists():
        source = footage.make(EASY, source)
    peaks = []
    for name, times in (("a tenth of it", TENTH), ("an hour of 1080p", HOUR)):
        file = footage.loop(source, times, folder / f"{name.replace(' ', '-')}.mp4")
        cost = run(_task("analysis", file, folder / f"cache-{times}"))
        peaks.append(cost.memory)
        file.unlink()
        yield replace(
            _memory("whole analysis", file, [cost], 1200.0 if times == HOUR else None), footage=name
        )
    growth = peaks[1] / peaks[0]
    yield Row("ten times the footage, memory", "1080p", growth, growth, growth, 1.2, "x", 1)


def _retrain(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """Retraining on twenty corrected films of sixty cuts; once, it takes minutes."""
    found = json.loads(run(_task("retrain", folder / "policies")).output)
    what = f"retraining, {found['corrections']} corrections, {found['steps']} steps of PPO"
    films = f"{found['films']} films of {found['cuts']} cuts"
    for name, target in (("wall", MINUTES), ("cpu", None)):
        figure = float(found[name])
        said = {"wall": "wall", "cpu": "CPU"}[name]
        yield Row(f"{what}, {said}", films, figure, figure, figure, target, "s", 1)


PARTS: dict[str, Callable[[Sequence[Path], Path, int], Iterator[Row]]] = {
    "analysis": _analysis,
    "render": _render,
    "many": _many,
    "agent": agent.rows,
    "hour": _hour,
    "retrain": _retrain,
}
QUICK = ("analysis", "render")
