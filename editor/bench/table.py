"""Turn measurements into rows: a figure, the target it is held to, and whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured figure."""

    what: str  # what was measured, against what
    footage: str
    figure: float  # the median
    least: float
    greatest: float
    target: float | None  # it holds at or below; None where the figure is only told
    unit: str  # "x", "s" or "MB"
    runs: int

    @property
    def holds(self) -> bool | None:
        """True where the figure is within its target, None without one."""
        return None if self.target is None else self.figure <= self.target


def as_json(row: Row) -> dict[str, object]:
    """A row as the JSON object holds it."""
    return {
        "what": row.what,
        "footage": row.footage,
        "median": round(row.figure, 4),
        "least": round(row.least, 4),
        "greatest": round(row.greatest, 4),
        "target": row.target,
        "unit": row.unit,
        "runs": row.runs,
        "holds": row.holds,
    }


def draw(rows: Sequence[Row], machine: str) -> str:
    """The table for people, as text."""
    table = Table(box=box.SIMPLE_HEAD, title=f"Measured on {machine}", title_justify="left")
    for heading in ("what", "footage", "median", "least to greatest", "target", ""):
        table.add_column(heading, justify="left" if heading in ("what", "footage") else "right")
    for row in rows:
        target = "" if row.target is None else f"<= {_number(row.target)} {row.unit}"
        verdict = {True: "holds", False: "falls short", None: ""}[row.holds]
        table.add_row(
            row.what,
            row.footage,
            f"{_number(row.figure)} {row.unit}",
            f"{_number(row.least)} - {_number(row.greatest)}",
            target,
            verdict,
        )
    console = Console(width=132, force_terminal=False, color_system=None)
    with console.capture() as text:
        console.print(table)
    return text.get().rstrip()


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"
