"""Turn a command line into a run: the only place that prints, draws and sets exit codes."""

import argparse
import gc
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from types import ModuleType

from editor import arguments, doctor
from editor.arguments import together
from editor.errors import EditorError
from editor.progress import Watch, printable
from editor.speaking import DEBUG as DEBUG
from editor.speaking import complain, fault, say, signals, watching

MADE, OUR_FAULT, WRONG, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    # Before numpy loads: two threads on small matrices spend 80 times the time of one under load.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        with signals():
            return _run(argv)
    except SystemExit as done:  # --help and --version
        return done.code if isinstance(done.code, int) else MADE
    except KeyboardInterrupt as stop:
        went = "What is finished is kept: the same command goes on from it."
        complain(f"Interrupted. {str(stop) or went}")
        return INTERRUPTED
    except EditorError as err:
        complain(str(err), err)
        return WRONG
    except ImportError as err:
        if how := doctor.hint(err):
            complain(f"{err}. Get it: {how}. {arguments.PROGRAM} doctor says more.", err)
            return WRONG
        complain(fault(err, argv), err)
        return OUR_FAULT
    except Exception as err:  # the outermost boundary: whatever is left is our own fault
        complain(fault(err, argv), err)
        return OUR_FAULT


def _run(argv: Sequence[str]) -> int:
    if not argv:
        say(arguments.FIRST_SCREEN)
        return MADE
    options = arguments.parse(argv)
    options.argv = list(argv)
    if options.command is None:
        raise arguments.UsageError(f"No command. Commands: {', '.join(COMMANDS)}.")
    return COMMANDS[options.command](options)


# --- commands -------------------------------------------------------------------------------------


def _cut(options: argparse.Namespace) -> int:
    config = arguments.config(options)
    watch = watching()
    pipeline, report = _story(watch)
    made = pipeline.cut(config, watch)
    say(report.json_text(report.as_json(made), True) if options.json else report.summary(made))
    return MADE


def _analyze(options: argparse.Namespace) -> int:
    config = arguments.config(options)
    watch = watching()
    pipeline, report = _story(watch)
    looked = pipeline.analyze(config, watch)
    facts = looked.clips, looked.analyses, looked.skipped, looked.seconds
    if options.json:
        say(report.json_text(report.looked_json(*facts), True))
    else:
        say(report.looked_summary(*facts))
    return MADE


def _export(options: argparse.Namespace) -> int:
    watch = watching()
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
        say(json.dumps(exchange.as_json(exported), indent=2))
    else:
        say(exchange.summary(exported))
    return MADE if exported.whole else WRONG


def _import(options: argparse.Namespace) -> int:
    watch = watching()
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
    say(json_text(brought.as_json(made), True) if options.json else brought.summary(made))
    return MADE


def _review(options: argparse.Namespace) -> int:
    with watching().stage("loading"):
        from editor.review import server
    server.serve(options.outputs, options.port, not options.no_browser, say)
    return MADE


def _at_desk(options: argparse.Namespace) -> int:
    """What the review page does as well: look at a version, correct it, judge it, make the next."""
    watch = watching()
    from editor.review import commands

    answer = commands.run(options, watch)
    say(json.dumps(answer.facts, indent=2) if options.json else answer.text)
    return MADE


def _doctor(options: argparse.Namespace) -> int:
    found = doctor.examine()
    say(json.dumps(doctor.as_json(found), indent=2) if options.json else doctor.text(found))
    return MADE if found.ready else WRONG


def _fit_pace(options: argparse.Namespace) -> int:
    watch = watching()
    with watch.stage("fitting"):
        from editor.learning import pace

        fitted = pace.fit(options.table, options.first_year, options.last_year, options.fastest)
    if options.into:
        path, changed = pace.write_into(options.into, fitted)
        say("\n".join([f"{printable(str(path))}:", *(changed or ["nothing changed"])]))
        return MADE
    say(json.dumps(fitted.as_json(), indent=2) if options.json else fitted.toml())
    return MADE


def _train(options: argparse.Namespace) -> int:
    arguments.check_train(options)
    config = arguments.config(options)
    watch = watching()
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
        trims=options.trims,
        most_shots=options.most_shots,
        begin=options.begin,
        examined=options.examined,
        seed=options.seed,
        resume=options.resume,
        # A run that was killed and went on is made again by the command without --resume.
        command=shlex.join([*arguments.PROGRAM.split(), *_without(options.argv, "--resume")]),
    )
    try:
        trained = pipeline.train(config, training, watch)
    except KeyboardInterrupt:
        from editor.learning import keeping

        if not (options.folder / keeping.STATE).exists():
            raise
        raise KeyboardInterrupt(
            f"The checkpoint in {options.folder} stands: the same command goes on from it with"
            " --resume."
        ) from None
    if options.json:
        say(json.dumps({**asdict(trained), "policy": str(trained.policy)}, indent=2))
    else:
        scored = "" if trained.score is None else f", mean film score {trained.score:+.3f}"
        say(
            f"Trained {trained.steps} steps{scored}\n"
            f"Next    cut with it: --policy {printable(str(trained.policy))}"
        )
    return MADE


def _without(argv: Sequence[str], word: str) -> list[str]:
    return [given for given in argv if given != word]


def _evaluate(options: argparse.Namespace) -> int:
    together.check_evaluate(options)
    if options.editors:
        return _editors(options)
    config = arguments.config(options)
    watch = watching()
    pipeline, _ = _story(watch)
    if options.measure or options.references:
        measured = (
            pipeline.measure_likeness(config, options.references, options.seeds, watch)
            if options.references
            else pipeline.measure(config, options.measure, options.lengths, watch)
        )
        say(json.dumps(measured.as_json(), indent=2) if options.json else measured.text())
        return MADE
    from editor.learning import examination, examination_table

    asked = examination.Examination(
        policy=options.policy,
        simulated=options.pools,
        seeds=options.seeds,
        seed=options.seed,
        thorough=options.thorough,
        shots=options.shots or 0,
    )

    def compared(found: Mapping[str, object]) -> None:
        if not options.json:
            say(examination_table.cutters_text(found))

    found = pipeline.evaluate(config, asked, watch, compared)
    if options.plot:
        from editor.learning import plotting

        plotting.draw(found, options.plot.absolute())
    if options.json:
        say(json.dumps(found, indent=2))
    elif looked := examination_table.looks_text(found):
        say(looked)
    return MADE


def _editors(options: argparse.Namespace) -> int:
    """Whether corrections teach, by simulated editors."""
    watch = watching()
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
    say(json.dumps(found, indent=2) if options.json else rounds_table.text(found["table"]))
    return MADE


def _retrain(options: argparse.Namespace) -> int:
    watch = watching()
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
    say(json.dumps(taught.as_json(done), indent=2) if options.json else taught.text(done))
    return MADE


def _policies(options: argparse.Namespace) -> int:
    watch = watching()
    _story(watch)
    from editor.correcting import taught

    facts, text = taught.policies(
        options.outputs, options.action, tuple(options.names), options.seed, watch
    )
    say(json.dumps(facts, indent=2) if options.json else text)
    return MADE


def _bench(options: argparse.Namespace) -> int:
    together.check_bench(options)
    watch = watching()
    if options.peers:
        return _peers(options, watch)
    _story(watch)
    from editor.bench import suite, table

    def show(rows: Sequence[table.Row]) -> None:
        if options.json:
            found = {"machine": suite.machine(), "rows": [table.as_json(row) for row in rows]}
            say(json.dumps(found, indent=2))
        else:
            say(table.draw(rows, suite.machine()))

    parts = options.parts or (suite.QUICK if options.quick else tuple(suite.PARTS))
    try:
        show(suite.suite(options.files, options.runs, parts, watch))
    except suite.Unfinished as err:
        show(err.rows)  # what was measured took long: it is not thrown away
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
        say(json.dumps({"machine": suite.machine(), **curves.as_json(runs, rows)}, indent=2))
    else:
        say(table.draw(rows, suite.machine()))
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
    with watch.stage("loading"), _uncollected():
        from editor import pipeline, report
    return pipeline, report


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import without looking for garbage: what modules hold stays, so that it is searched neither
    meanwhile nor by any collection afterwards."""
    before, collecting = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        if len(sys.modules) > before:
            gc.freeze()
