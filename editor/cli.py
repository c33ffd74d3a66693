"""Turn a command line into a run: the only place that prints, draws and sets exit codes."""

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from fractions import Fraction
from types import FrameType, ModuleType
from typing import Any

from editor import __version__, arguments, doctor
from editor.errors import EditorError
from editor.progress import Bars, Lines, Watch, printable

MADE, OUR_FAULT, WRONG, INTERRUPTED = 0, 1, 2, 130
DEBUG = "EDITOR_DEBUG"  # set to 1 to see tracebacks, and every stage in a log


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    # Before numpy loads: two threads on small matrices spend 80 times the time of one under load.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        with _signals():
            return _run(argv)
    except SystemExit as done:  # --help and --version
        return done.code if isinstance(done.code, int) else MADE
    except KeyboardInterrupt:
        _complain("Interrupted. Finished analyses are kept: the same command goes on from them.")
        return INTERRUPTED
    except EditorError as err:
        _complain(str(err), err)
        return WRONG
    except ImportError as err:
        if how := doctor.hint(err):
            _complain(f"{err}. Get it: {how}. {arguments.PROGRAM} doctor says more.", err)
            return WRONG
        _complain(_fault(err, argv), err)
        return OUR_FAULT
    except Exception as err:  # the outermost boundary: whatever is left is our own fault
        _complain(_fault(err, argv), err)
        return OUR_FAULT


def _run(argv: Sequence[str]) -> int:
    if not argv:
        _say(arguments.FIRST_SCREEN)
        return MADE
    options = arguments.parse(argv)
    options.argv = list(argv)
    if options.command is None:
        raise arguments.UsageError(f"No command. Commands: {', '.join(COMMANDS)}.")
    return COMMANDS[options.command](options)


# --- commands -------------------------------------------------------------------------------------


def _cut(options: argparse.Namespace) -> int:
    config = arguments.config(options)
    watch = _watch()
    pipeline, report = _story(watch)
    made = pipeline.cut(config, watch)
    _say(report.json_text(report.as_json(made), True) if options.json else report.summary(made))
    return MADE


def _analyze(options: argparse.Namespace) -> int:
    config = arguments.config(options)
    watch = _watch()
    pipeline, report = _story(watch)
    looked = pipeline.analyze(config, watch)
    facts = looked.clips, looked.analyses, looked.skipped, looked.seconds
    if options.json:
        _say(report.json_text(report.looked_json(*facts), True))
    else:
        _say(report.looked_summary(*facts))
    return MADE


def _export(options: argparse.Namespace) -> int:
    watch = _watch()
    from editor import exchange

    wanted = exchange.Wanted(
        version=options.version,
        outputs=options.outputs.absolute(),
        formats=tuple(dict.fromkeys(options.to)),
        folder=options.folder.absolute() if options.folder else None,
        handles=Fraction(options.handles),
        music=options.music,
        relative=options.relative,
    )
    exported = exchange.export(wanted, watch)
    if options.json:
        _say(json.dumps(exchange.as_json(exported), indent=2))
    else:
        _say(exchange.summary(exported))
    return MADE if exported.whole else WRONG


def _import(options: argparse.Namespace) -> int:
    watch = _watch()
    with watch.stage("loading"):
        from editor import brought, returning
        from editor.report import json_text

    asked = brought.Import(
        file=options.file,
        outputs=options.outputs.absolute(),
        onto=options.onto,
        name=options.name,
        footage=tuple(path.absolute() for path in options.footage),
        rate=options.rate,
        render=options.render,
    )
    made = returning.bring_back(asked, watch)
    _say(json_text(brought.as_json(made), True) if options.json else brought.summary(made))
    return MADE


def _review(options: argparse.Namespace) -> int:
    with _watch().stage("loading"):
        from editor.review import server
    server.serve(options.outputs, options.port, not options.no_browser, _say)
    return MADE


def _at_desk(options: argparse.Namespace) -> int:
    """What the review page does as well: look at a version, correct it, judge it, make the next."""
    watch = _watch()
    from editor.review import commands

    answer = commands.run(options, watch)
    _say(json.dumps(answer.facts, indent=2) if options.json else answer.text)
    return MADE


def _doctor(options: argparse.Namespace) -> int:
    found = doctor.examine()
    _say(json.dumps(doctor.as_json(found), indent=2) if options.json else doctor.text(found))
    return MADE if found.ready else WRONG


def _fit_pace(options: argparse.Namespace) -> int:
    watch = _watch()
    with watch.stage("fitting"):
        from editor.learning import pace

        fitted = pace.fit(options.table, options.first_year, options.last_year, options.fastest)
    if options.into:
        path, changed = pace.write_into(options.into, fitted)
        _say("\n".join([f"{printable(str(path))}:", *(changed or ["nothing changed"])]))
        return MADE
    _say(json.dumps(fitted.as_json(), indent=2) if options.json else fitted.toml())
    return MADE


def _train(options: argparse.Namespace) -> int:
    config = arguments.config(options)
    watch = _watch()
    pipeline, _ = _story(watch)
    with watch.stage("loading"):
        from editor.learning.training import Training
    training = Training(
        folder=options.folder,
        algorithm=options.algorithm,
        steps=options.steps,
        warm=options.warm,
        pools=options.pools,
        films=options.films,
        examined=options.examined,
        seed=options.seed,
        resume=options.resume,
        # A run that was killed and went on is made again by the command without --resume.
        command=shlex.join([*arguments.PROGRAM.split(), *_without(options.argv, "--resume")]),
    )
    trained = pipeline.train(config, training, watch)
    if options.json:
        _say(json.dumps({**asdict(trained), "policy": str(trained.policy)}, indent=2))
    else:
        _say(
            f"Trained {trained.steps} steps, mean film score {trained.score:+.3f}\n"
            f"Next    cut with it: --policy {printable(str(trained.policy))}"
        )
    return MADE


def _without(argv: Sequence[str], word: str) -> list[str]:
    return [given for given in argv if given != word]


def _evaluate(options: argparse.Namespace) -> int:
    if options.editors:
        return _editors(options)
    config = arguments.config(options)
    watch = _watch()
    pipeline, _ = _story(watch)
    if options.measure:
        measured = pipeline.measure(config, options.measure, options.lengths, watch)
        _say(json.dumps(measured.as_json(), indent=2) if options.json else measured.text())
        return MADE
    from editor.learning import examination

    asked = examination.Examination(
        policy=options.policy,
        simulated=options.pools,
        seeds=options.seeds,
        seed=options.seed,
        thorough=options.thorough,
    )
    found = pipeline.evaluate(config, asked, watch)
    if options.plot:
        from editor.learning import plotting

        plotting.draw(found, options.plot.absolute())
    _say(json.dumps(found, indent=2) if options.json else examination.text(found))
    return MADE


def _editors(options: argparse.Namespace) -> int:
    """Whether corrections teach, by simulated editors."""
    watch = _watch()
    _story(watch)
    from editor.learning import rounds, rounds_table

    asked = rounds.Asked(
        options.policy,
        range(options.seed, options.seed + options.seeds),
        options.outputs.absolute(),
        rounds.plan_of(options.wrong),
        jobs=options.jobs,
    )
    found = rounds.evaluate(asked, watch)
    _say(json.dumps(found, indent=2) if options.json else rounds_table.text(found["table"]))
    return MADE


def _retrain(options: argparse.Namespace) -> int:
    watch = _watch()
    _story(watch)
    from editor.correcting import taught

    command = shlex.join([*arguments.PROGRAM.split(), *options.argv])
    done = taught.retrain(
        options.outputs,
        tuple(options.versions),
        options.steps,
        options.seed,
        options.dry_run,
        command,
        watch,
    )
    _say(json.dumps(taught.as_json(done), indent=2) if options.json else taught.text(done))
    return MADE


def _policies(options: argparse.Namespace) -> int:
    watch = _watch()
    _story(watch)
    from editor.correcting import taught

    facts, text = taught.policies(
        options.outputs, options.action, tuple(options.names), options.seed, watch
    )
    _say(json.dumps(facts, indent=2) if options.json else text)
    return MADE


def _bench(options: argparse.Namespace) -> int:
    watch = _watch()
    if options.peers:
        return _peers(options, watch)
    _story(watch)
    from editor.bench import suite, table

    def say(rows: Sequence[table.Row]) -> None:
        if options.json:
            found = {"machine": suite.machine(), "rows": [table.as_json(row) for row in rows]}
            _say(json.dumps(found, indent=2))
        else:
            _say(table.draw(rows, suite.machine()))

    parts = options.parts or (suite.QUICK if options.quick else tuple(suite.PARTS))
    try:
        say(suite.suite(options.files, options.runs, parts, watch))
    except suite.Unfinished as err:
        say(err.rows)  # what was measured took long: it is not thrown away
        raise
    return MADE


def _peers(options: argparse.Namespace, watch: Watch) -> int:
    from editor.bench import curves, peers, suite, table

    trials = peers.named(options.trials)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with watch.stage("learning") as advance:
        runs = peers.measure(trials, seeds, options.log, advance)
    rows = curves.rows(runs)
    if options.plot:
        curves.draw(runs, options.plot)
    if options.json:
        _say(json.dumps({"machine": suite.machine(), **curves.as_json(runs, rows)}, indent=2))
    else:
        _say(table.draw(rows, suite.machine()))
    return MADE


Command = Callable[[argparse.Namespace], int]

COMMANDS: dict[str, Command] = {
    "cut": _cut,
    "analyze": _analyze,
    "export": _export,
    "import": _import,
    "review": _review,
    "versions": _at_desk,
    "show": _at_desk,
    "correct": _at_desk,
    "verdict": _at_desk,
    "prefer": _at_desk,
    "history": _at_desk,
    "render": _at_desk,
    "again": _at_desk,
    "find": _at_desk,
    "relink": _at_desk,
    "doctor": _doctor,
    "train": _train,
    "fit-pace": _fit_pace,
    "evaluate": _evaluate,
    "bench": _bench,
    "retrain": _retrain,
    "policies": _policies,
}


def _story(watch: Watch) -> tuple[ModuleType, ModuleType]:
    """The pipeline and its reports: they import torch, which takes seconds."""
    with watch.stage("loading"):
        from editor import pipeline, report
    return pipeline, report


# --- speaking -------------------------------------------------------------------------------------


def _watch() -> Watch:
    """Bars on a terminal, plain lines elsewhere; of every stage where EDITOR_DEBUG is set."""
    if sys.stderr.isatty():
        return Bars(sys.stderr)
    return Lines(sys.stderr, 0.0) if os.environ.get(DEBUG) == "1" else Lines(sys.stderr)


def _say(text: str) -> None:
    """Print to stdout; a reader that has gone away does not undo what was made."""
    try:
        print(text.rstrip("\n"), flush=True)
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit: let it go nowhere.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, err: BaseException | None = None) -> None:
    """One line on stderr, and the traceback before it where EDITOR_DEBUG is set."""
    with suppress(BrokenPipeError):
        if err is not None and os.environ.get(DEBUG) == "1":
            traceback.print_exception(err)
        print(f"editor: {printable(message)}", file=sys.stderr, flush=True)


def _fault(err: Exception, argv: Sequence[str]) -> str:
    """Say that the fault is ours, and where its traceback lies."""
    said = f"a fault of this program, not of your footage: {type(err).__name__}: {err}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="film-editor-", suffix=".log", delete=False, errors="backslashreplace"
        ) as log:
            log.write(f"film-editor {__version__}\n{list(argv)!r}\n\n")
            log.write("".join(traceback.format_exception(err)))
    except OSError:
        return f"{said}. {DEBUG}=1 shows where."
    return f"{said}. What happened is written in {log.name}."


@contextmanager
def _signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a run as Ctrl-C does: cleanly."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # not in the main thread: signals are the caller's matter
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
