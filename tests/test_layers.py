"""The house holds: imports run down only, every file is linted, formatted and fully typed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = (
    "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-c", LINT_IMPORTS], id="imports run down only"),
        pytest.param(["-m", "ruff", "check", "."], id="ruff finds nothing"),
        pytest.param(["-m", "ruff", "format", "--check", "."], id="ruff would format nothing"),
        pytest.param(["-m", "mypy"], id="mypy strict finds nothing"),
    ],
)
def test_the_source_keeps_its_rules(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
