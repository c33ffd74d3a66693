"""Turn HDR code values, PQ or HLG in BT.2020, into BT.709 ones, as a three-dimensional table.

HDR of 1000 cd/m2 is brought to SDR of 100 cd/m2 by method A of ITU-R BT.2446-1 (section 4), which
keeps diffuse white, 203 cd/m2 by ITU-R BT.2408, near 70 % of the signal and rolls highlights off.
https://www.itu.int/pub/R-REP-BT.2446
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

PEAK_HDR = 1000.0  # cd/m2: what nearly all HDR is graded for, and HLG's nominal peak
PEAK_SDR = 100.0  # cd/m2, BT.709's reference
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
        root = np.clip(code, 0, 1) ** (1 / 78.84375)
        linear = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
            1 / 0.1593017578125
        )
        return np.asarray(linear * 10_000 / PEAK_HDR)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luma = np.maximum(scene @ _LUMA, 1e-9)[..., None]
    return np.asarray(scene * luma ** (_HLG_GAMMA - 1))


def tone_map(code: np.ndarray, transfer: str) -> np.ndarray:
    """(..., 3) HDR BT.2020 R'G'B' in [0, 1] to BT.709 R'G'B' in [0, 1], float64."""
    prime = np.clip(light(code, transfer), 0, 1) ** (1 / 2.4)
    luma = prime @ _LUMA  # Y' of the HDR picture
    sdr = _compressed(luma)
    scale = sdr / np.maximum(1.1 * luma, 1e-6)  # equation 5: saturation follows the luma
    blue = scale * (prime[..., 2] - luma) / 1.8814
    red = scale * (prime[..., 0] - luma) / 1.4746
    sdr = sdr - np.maximum(0.1 * red, 0)
    mapped = np.stack(
        [
            sdr + 1.4746 * red,
            sdr - (0.2627 * 1.4746 * red + 0.0593 * 1.8814 * blue) / 0.6780,
            sdr + 1.8814 * blue,
        ],
        axis=-1,
    )
    linear = np.clip(mapped, 0, 1) ** 2.4 @ _TO_709.T
    return np.asarray(np.clip(linear, 0, 1) ** (1 / 2.4))


def _compressed(luma: np.ndarray) -> np.ndarray:
    """HDR luma Y' in [0, 1] to SDR luma: equations 1 to 4, by way of perceived lightness."""
    rho_hdr = 1 + 32 * (PEAK_HDR / 10_000) ** (1 / 2.4)
    rho_sdr = 1 + 32 * (PEAK_SDR / 10_000) ** (1 / 2.4)
    lightness = np.log1p((rho_hdr - 1) * luma) / np.log(rho_hdr)
    knee = np.where(
        lightness <= 0.7399,
        1.0770 * lightness,
        np.where(
            lightness < 0.9909,
            -1.1510 * lightness**2 + 2.7811 * lightness - 0.6302,
            0.5 * lightness + 0.5,
        ),
    )
    return np.asarray((rho_sdr**knee - 1) / (rho_sdr - 1))


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
