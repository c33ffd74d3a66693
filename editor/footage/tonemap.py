"""Turn HDR code values, PQ or HLG in BT.2020, into BT.709 ones, as a three-dimensional table.

HDR clips stand in one film with others, so what both can show has to look alike: SDR's white is
diffuse white, 203 cd/m2 by ITU-R BT.2408, and up to about half of that nothing is changed. Brighter
light, to 1000 cd/m2, is rolled off by the curve of ITU-R BT.2390 (section 5.4.1), on the largest of
red, green and blue, so that no colour changes its hue. (Method A of BT.2446 put diffuse white at
70 % of the signal: beside other clips a stop too dark.)
https://www.itu.int/pub/R-REP-BT.2390
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

PEAK_HDR = 1000.0  # cd/m2: what nearly all HDR is graded for, and HLG's nominal peak
WHITE = 203.0  # cd/m2: diffuse white, which SDR's is held to be
TABLE = 33  # nodes an axis; with tetrahedral interpolation off by less than one 8-bit code
_LUMA = np.array([0.2627, 0.6780, 0.0593])  # BT.2020
# BT.2020 to BT.709 primaries, linear light: ITU-R BT.2087-0, section 2.
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
_HLG_GAMMA = 1.2  # of the system at 1000 cd/m2, ITU-R BT.2100


def light(code: np.ndarray, transfer: str) -> np.ndarray:
    """(..., 3) HDR code values in [0, 1] to display light, 1 is PEAK_HDR; float64, may exceed 1.

    transfer: "pq" (SMPTE ST 2084) or "hlg" (ITU-R BT.2100, table 5).
    """
    if transfer == "pq":
        return _light_of_pq(code) / PEAK_HDR
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luma = np.maximum(scene @ _LUMA, 1e-9)[..., None]
    return np.asarray(scene * luma ** (_HLG_GAMMA - 1))


def _light_of_pq(code: np.ndarray) -> np.ndarray:
    """cd/m2 of PQ code values in [0, 1] (SMPTE ST 2084)."""
    root = np.clip(code, 0, 1) ** (1 / 78.84375)
    linear = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10_000 * linear ** (1 / 0.1593017578125))


def _pq_of_light(light: np.ndarray) -> np.ndarray:
    """PQ code values of cd/m2 (SMPTE ST 2084)."""
    power = (np.maximum(light, 0) / 10_000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def tone_map(code: np.ndarray, transfer: str) -> np.ndarray:
    """(..., 3) HDR BT.2020 R'G'B' in [0, 1] to BT.709 R'G'B' in [0, 1], float64."""
    shown = np.clip(light(code, transfer), 0, 1) * PEAK_HDR  # cd/m2
    brightest = np.maximum(shown.max(-1, keepdims=True), 1e-6)
    linear = shown * (_rolled_off(brightest) / brightest / WHITE) @ _TO_709.T
    return np.asarray(np.clip(linear, 0, 1) ** (1 / 2.4))


def _rolled_off(light: np.ndarray) -> np.ndarray:
    """cd/m2, at most PEAK_HDR, to at most WHITE: the curve of BT.2390, in PQ."""
    whole = _pq_of_light(np.array(PEAK_HDR))
    most = _pq_of_light(np.array(WHITE)) / whole
    knee = 1.5 * most - 0.5
    value = _pq_of_light(light) / whole
    part = np.clip((value - knee) / (1 - knee), 0, 1)
    curve = (
        (2 * part**3 - 3 * part**2 + 1) * knee
        + (part**3 - 2 * part**2 + part) * (1 - knee)
        + (-2 * part**3 + 3 * part**2) * most
    )
    return _light_of_pq(np.where(value < knee, value, curve) * whole)


@cache
def _cube(transfer: str) -> str:
    """The table in the .cube format that FFmpeg's lut3d reads: red changes fastest."""
    nodes = np.linspace(0, 1, TABLE)
    blue, green, red = np.meshgrid(nodes, nodes, nodes, indexing="ij")
    mapped = tone_map(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in mapped)
    return f"LUT_3D_SIZE {TABLE}\n{rows}\n"


@contextmanager
def cube_file(transfer: str) -> Iterator[str]:
    """A file with the table, for as long as a filter needs to read it."""
    handle, name = tempfile.mkstemp(suffix=".cube")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_cube(transfer))
        yield name
    finally:
        os.unlink(name)
