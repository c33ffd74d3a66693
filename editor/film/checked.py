"""Read plain JSON values, a stranger's, and name the place of what is wrong with them."""

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

MOST = 1 << 40  # frames of a clip or a film: 400 years at 60 frames a second is less
T = TypeVar("T")


class Table:
    """A JSON object that names the place of what is wrong with it. Raises ValueError."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{where} is {kind_of(value)}, not an object.")
        self.value, self.where = value, where

    def get(self, key: str, kind: type[T]) -> T:
        """A value of exactly this kind; a whole number also serves as float."""
        if key not in self.value:
            raise ValueError(f"{self.where} lacks {key!r}.")
        value = self.value[key]
        if kind is float and type(value) is int:
            return float(value)  # type: ignore[return-value]
        if type(value) is not kind:
            raise ValueError(f"{self.where}.{key} is {kind_of(value)}, not {kind.__name__}.")
        return value

    def table(self, key: str) -> "Table":
        return Table(self.get(key, dict), f"{self.where}.{key}")

    def rows(self, key: str) -> list["Table"]:
        rows = self.get(key, list)
        return [Table(row, f"{self.where}.{key}[{n}]") for n, row in enumerate(rows)]

    def fraction(self, key: str) -> Fraction:
        text = self.get(key, str)
        try:
            if len(text) > 60:
                raise ValueError
            return Fraction(text)
        except (ValueError, ZeroDivisionError) as err:
            raise ValueError(f"{self.where}.{key}: {text[:60]!r} is no fraction.") from err

    def rate(self, key: str) -> Fraction:
        value = self.fraction(key)
        if not 0 < value <= 1000:
            raise ValueError(f"{self.where}.{key}: a rate of {value} frames a second cannot be.")
        return value

    def count(self, key: str, least: int = 0) -> int:
        value = self.get(key, int)
        if not least <= value <= MOST:
            raise ValueError(f"{self.where}.{key} = {value} is outside {least} to {MOST}.")
        return value

    def pair(self, key: str) -> tuple[int, int]:
        value = self.get(key, list)
        if len(value) != 2 or any(type(v) is not int or not 0 < v <= 65_536 for v in value):
            raise ValueError(f"{self.where}.{key} must be a width and a height in pixels.")
        return value[0], value[1]

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.get(key, list)
        if any(type(item) is not str for item in value):
            raise ValueError(f"{self.where}.{key} must be a list of texts.")
        return tuple(value)

    def maybe(self, key: str, read: Callable[["Table", str], T]) -> T | None:
        """What `read` makes of the key, or None where it holds null."""
        if key not in self.value:
            raise ValueError(f"{self.where} lacks {key!r}.")
        return None if self.value[key] is None else read(self, key)


def kind_of(value: object) -> str:
    return "null" if value is None else type(value).__name__
