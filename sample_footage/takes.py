"""The shot list: every take of the rushes, in the order in which they were recorded.

Scene 4 of "Second Cup": a man comes to tell a friend that he sold the boat. She makes tea.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from camera import Frame

# A frame's zoom is in px a unit where the picture's long side has 960 px.
FILM = Fraction(24000, 1001)  # frames/s of camera A
PAL, NTSC, FAST = Fraction(25), Fraction(30), Fraction(50)


@dataclass(frozen=True)
class Take:
    """One clip, from the camera's start to its stop."""

    setup: str  # in stage.SETUPS
    scene: str  # on the slate: "4A"
    take: int
    start: Frame
    end: Frame
    line: int | None = None  # takes of one line share a number
    speaker: str = ""  # "mira" or "tom"
    text: str = ""
    words: int = 138  # a minute
    wait: float = 0.9  # s from the slate's leaving to the first word, or to the action
    action: float = 0.0  # s of action where nobody speaks
    dead: float = 1.6  # s of waiting after the line
    slate: bool = True
    spoiled: bool = False  # a false start
    move: tuple[float, float] = (0.0, 1.0)  # share of the time after the slate, leave and arrive
    shake: float = 0.5  # units; 5 and more are hands
    rate: Fraction = PAL
    size: tuple[int, int] = (1024, 576)  # px, as shown; multiples of 16, see writer.py
    rotation: int = 0  # degrees clockwise that turn the stored picture upright
    timecode: str = ""
    suffix: str = ".mp4"
    exposure: float = 1.0
    warmth: float = 0.02
    sounds: tuple[str, ...] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        """File name without its suffix, as a camera assistant would write it."""
        return f"{self.scene}_take{self.take}"


WIDE = Frame(960, 545, 0.5)
HER = Frame(830, 590, 0.72)
HER_NEAR = Frame(815, 500, 1.08)
HIM = Frame(1060, 600, 0.72)
HIM_NEAR = Frame(1075, 505, 1.05)

ARRIVAL = "You came. I put the kettle on when I saw you at the gate."
RULE = "My grandmother had one rule. No bad news before the second cup."
BOAT = "I sold the boat. The engine, the nets, even the name."
DRINK = "So drink first. Then you can tell me all of it."
NAME = "The man who bought it asked me what the name means. I could not tell him."
HOME = "It means, come home."
TOWN = "Twenty years, and I never once asked you that."
SPARE = "There is a bed upstairs, and it is still raining."

TAKES: tuple[Take, ...] = (
    Take("wide", "4A", 1, WIDE, WIDE, 1, "mira", "You came. I put the... oh no, sorry.",
         146, 0.8, dead=0.9, spoiled=True, timecode="10:00:12:00",
         rate=FILM, size=(1280, 720), suffix=".mov"),
    Take("wide", "4A", 2, WIDE, Frame(940, 535, 0.54), 1, "mira", ARRIVAL,
         140, 1.1, dead=2.0, move=(0.25, 0.9), timecode="10:01:03:10",
         rate=FILM, size=(1280, 720), suffix=".mov"),
    Take("wide", "4A", 3, WIDE, Frame(940, 535, 0.54), 1, "mira", ARRIVAL,
         124, 0.9, dead=1.5, move=(0.3, 0.95), timecode="10:02:10:05",
         rate=FILM, size=(1280, 720), suffix=".mov"),
    Take("stove", "4B", 1, Frame(960, 600, 0.72), Frame(1020, 580, 0.98), wait=0.6, action=7.4,
         dead=0.6, move=(0.1, 0.85), slate=False, timecode="10:06:40:00", sounds=("kettle",)),
    Take("pouring", "4C", 1, Frame(880, 660, 0.92), Frame(1120, 720, 0.92), wait=2.3, action=6.7,
         dead=1.4, move=(0.18, 0.6), timecode="10:09:20:12", sounds=("pour",)),
    Take("pouring", "4C", 2, Frame(880, 660, 0.92), Frame(1120, 735, 1.0), wait=2.1, action=6.7,
         dead=0.8, move=(0.22, 0.62), timecode="10:10:31:20", sounds=("pour",)),
    Take("her", "4D", 1, HER, Frame(820, 540, 0.86), 2, "mira", RULE,
         142, 0.8, dead=1.8, move=(0.15, 0.9), timecode="10:15:02:00"),
    Take("her", "4D", 2, HER, Frame(820, 540, 0.88), 2, "mira", RULE,
         126, 1.2, dead=1.3, move=(0.2, 0.95), timecode="10:15:48:08"),
    Take("him", "4E", 1, HIM, HIM, 3, "tom", "I sold the... wait. Again, please.",
         140, 0.7, dead=0.7, spoiled=True, rate=NTSC, timecode="10:21:00:00"),
    Take("him", "4E", 2, HIM, Frame(1070, 540, 0.88), 3, "tom", BOAT,
         134, 1.2, dead=2.2, move=(0.2, 0.9), rate=NTSC, timecode="10:21:33:00"),
    Take("him", "4E", 3, HIM, Frame(1070, 540, 0.86), 3, "tom", BOAT,
         120, 0.9, dead=1.4, move=(0.2, 0.9), rate=NTSC, timecode="10:22:20:15"),
    Take("her", "4F", 1, HER_NEAR, HER_NEAR, 4, "mira", DRINK,
         136, 0.9, dead=1.9, shake=2.2, timecode="10:28:10:00"),
    Take("her", "4F", 2, HER_NEAR, HER_NEAR, 4, "mira", DRINK,
         122, 0.8, dead=1.2, shake=2.2, timecode="10:28:52:11"),
    Take("setting_down", "4G", 1, Frame(970, 730, 0.98), Frame(935, 790, 1.24), wait=1.9,
         action=4.8, dead=0.6, move=(0.45, 0.95), slate=False, timecode="10:33:15:03",
         sounds=("cup",)),
    Take("sill", "4H", 1, Frame(980, 330, 0.86), Frame(985, 560, 0.92), wait=0.8, action=7.4,
         dead=0.4, move=(0.15, 0.55), slate=False, shake=6.5, rate=NTSC, size=(576, 1024),
         rotation=90, exposure=0.97, warmth=-0.02, sounds=("rain",)),
    Take("him", "4J", 1, HIM_NEAR, HIM_NEAR, 5, "tom", NAME,
         140, 0.9, dead=1.9, shake=2.4, timecode="10:41:07:00"),
    Take("him", "4J", 2, HIM_NEAR, HIM_NEAR, 5, "tom", NAME,
         126, 1.1, dead=1.4, shake=2.4, timecode="10:42:01:17"),
    Take("her", "4K", 1, Frame(815, 490, 1.2), Frame(812, 470, 1.34), 6, "mira", HOME,
         112, 1.5, dead=2.6, move=(0.1, 0.95), timecode="10:49:30:00"),
    Take("him", "4L", 1, HIM, Frame(1070, 520, 0.94), 7, "tom", TOWN,
         128, 1.0, dead=1.8, move=(0.3, 0.95), timecode="10:55:12:09"),
    Take("wide", "4M", 1, Frame(960, 800, 0.80), Frame(960, 545, 0.60), 8, "mira", SPARE,
         126, 1.8, dead=2.4, move=(0.05, 0.55), rate=FAST, exposure=0.94, warmth=0.05,
         timecode="11:02:45:20"),
)  # fmt: skip
