"""Turn decoded pictures into upright, square-pixelled BT.709 pictures of one size and format.

One chain of FFmpeg's own filters does all of it; a picture that is right already passes untouched.
"""

from fractions import Fraction

import av
from av.filter import Graph
from av.filter.context import FilterContext

from editor.footage import tonemap
from editor.footage.clip import Clip

BT709 = 1  # FFmpeg's numbers for matrices
_BT601 = (5, 6)
_UNKNOWN = 2
_FULL = 2  # FFmpeg's number for full range
_MATRIX = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
HD_LINES = 720  # pictures without a matrix are BT.709 from here on, BT.601 below
THIN = 0.01  # of a side; borders thinner than that are scaled away
_TURNS = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}

# Without these a change of matrix darkens the picture by two codes; a change of size needs none.
_ACCURATE = "bicubic+accurate_rnd+full_chroma_int"

_Step = tuple[str, dict[str, str]]


class Converter:
    """Brings a clip's decoded pictures to one size and pixel format."""

    def __init__(self, clip: Clip, size: tuple[int, int], fit: str, pixel_format: str) -> None:
        """size: px of what comes out. fit: "letterbox" borders it, "fill" crops it."""
        if fit not in ("letterbox", "fill"):
            raise ValueError(f"Pictures are fitted by letterbox or fill, not by {fit!r}.")
        self._clip, self._size, self._fit, self._format = clip, size, fit, pixel_format
        self._graph: Graph | None = None
        self._made_for: tuple[object, ...] = ()

    def convert(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The picture as asked for; the very same object where nothing is to be done."""
        if self._is_right(frame):
            return frame
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or key != self._made_for:
            self._graph, self._made_for = self._build(frame), key
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _is_right(self, frame: av.VideoFrame) -> bool:
        clip = self._clip
        return (
            frame.format.name == self._format
            and (frame.width, frame.height) == self._size
            and clip.rotation == 0
            and clip.sample_aspect == 1
            and clip.transfer == "sdr"
            and not clip.alpha
            and (_matrix(frame) == "bt709" or self._format in ("rgb24", "gray"))
            and frame.color_range != _FULL
        )

    def _build(self, frame: av.VideoFrame) -> Graph:
        base = frame.time_base or Fraction(1, 1000)
        source = {
            "video_size": f"{frame.width}x{frame.height}",
            "pix_fmt": frame.format.name,
            "time_base": f"{base.numerator}/{base.denominator}",
            "colorspace": str(frame.colorspace),
            "range": str(frame.color_range),
        }
        if self._clip.transfer == "sdr":
            return _linked([("buffer", source), *self._steps(frame), ("buffersink", {})])
        with tonemap.cube_file(self._clip.transfer) as cube:
            steps = self._steps(frame, cube)
            return _linked([("buffer", source), *steps, ("buffersink", {})])

    def _steps(self, frame: av.VideoFrame, cube: str = "") -> list[_Step]:
        steps: list[_Step] = []
        if self._clip.alpha:  # colour times opacity, which is the picture over black
            steps.append(("premultiply", {"inplace": "1"}))
        width, height = inner_size(self._clip.size, self._size, self._fit, self._subsampled)
        stored = (height, width) if self._clip.rotation in (90, 270) else (width, height)
        steps.append(("scale", self._scale(frame, stored, bool(cube))))
        if cube:
            steps.append(("format", {"pix_fmts": "gbrp12"}))
            steps.append(("lut3d", {"file": cube, "interp": "tetrahedral"}))
            steps.append(("scale", {"out_color_matrix": "bt709", "out_range": self._range}))
        steps.append(("format", {"pix_fmts": self._format}))
        steps += [("transpose", {"dir": turn}) for turn in _TURNS.get(self._clip.rotation, ())]
        return steps + self._framing(width, height)

    def _scale(self, frame: av.VideoFrame, size: tuple[int, int], hdr: bool) -> dict[str, str]:
        options = {"w": str(size[0]), "h": str(size[1]), "flags": "bicubic"}
        if not _is_rgb(frame):
            options["in_color_matrix"] = _matrix(frame)
        if hdr:
            return options
        if not self._subsampled or _matrix(frame) != "bt709":
            options["flags"] = _ACCURATE
        return {**options, "out_color_matrix": "bt709", "out_range": self._range}

    def _framing(self, width: int, height: int) -> list[_Step]:
        """Borders where the picture is smaller than what is asked for, a crop where larger."""
        steps: list[_Step] = []
        wide, high = self._size
        if width > wide or height > high:
            x, y = self._middle(width, wide), self._middle(height, high)
            steps.append(("crop", {"w": str(wide), "h": str(high), "x": str(x), "y": str(y)}))
        elif (width, height) != self._size:
            x, y = self._middle(wide, width), self._middle(high, height)
            steps.append(("pad", {"w": str(wide), "h": str(high), "x": str(x), "y": str(y)}))
        return steps

    def _middle(self, outer: int, inner: int) -> int:
        offset = max(0, outer - inner) // 2
        return offset - offset % 2 if self._subsampled else offset

    @property
    def _subsampled(self) -> bool:
        return self._format in ("yuv420p", "nv12", "yuv422p", "yuv420p10le")

    @property
    def _range(self) -> str:
        return "full" if self._format in ("rgb24", "gray", "bgr24") else "limited"


def inner_size(
    shown: tuple[int, int], asked: tuple[int, int], fit: str, even: bool
) -> tuple[int, int]:
    """Width and height in px to which a picture of size `shown` is scaled before it is framed.

    Borders and crops of less than THIN of a side are scaled away; even sides where `even`.
    """
    ratios = [Fraction(outer, inner) for inner, outer in zip(shown, asked, strict=True)]
    ratio = max(ratios) if fit == "fill" else min(ratios)
    sides = []
    for inner, outer in zip(shown, asked, strict=True):
        side = round(inner * ratio)
        if abs(side - outer) <= max(2, THIN * outer):
            side = outer
        elif even:
            side += side % 2
        sides.append(max(2, side))
    return sides[0], sides[1]


def _linked(steps: list[_Step]) -> Graph:
    graph = Graph()
    nodes: list[FilterContext] = [graph.add(name, **options) for name, options in steps]
    graph.link_nodes(*nodes).configure()
    return graph


def _is_rgb(frame: av.VideoFrame) -> bool:
    return frame.format.is_rgb or frame.format.has_palette or frame.colorspace == 0


def _matrix(frame: av.VideoFrame) -> str:
    """FFmpeg's name of a picture's matrix; by its height where it does not say."""
    if frame.colorspace in _MATRIX:
        return _MATRIX[frame.colorspace]
    return "bt709" if frame.height >= HD_LINES else "bt601"
