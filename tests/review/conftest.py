"""What the tests of the review server share: clips, an outputs folder, a room, a client."""

import shutil

import pytest

from editor.footage import ingest
from editor.footage.cache import Cache
from editor.review.room import Room
from tests.review import outputs as building


@pytest.fixture(scope="session")
def shot_once(tmp_path_factory):
    """A folder with rushes/, made once."""
    folder = tmp_path_factory.mktemp("shot")
    building.footage(folder / "rushes")
    return folder


@pytest.fixture
def clips(shot_once, tmp_path):
    """The clips, in a folder of the test's own: tmp_path/rushes."""
    shutil.copytree(shot_once, tmp_path, dirs_exist_ok=True)
    found, _ = ingest.ingest(
        [tmp_path / "rushes"], Cache(tmp_path / "outputs" / ".cache"), lambda *told: None
    )
    return found


@pytest.fixture
def outputs(tmp_path, clips):
    """An outputs folder with toys-v001 and toys-v002."""
    folder = tmp_path / "outputs"
    building.version(folder, building.film(clips))
    building.version(folder, building.film(clips[::-1]))
    return folder


@pytest.fixture
def room(outputs):
    """An open outputs folder."""
    with Room(outputs, building.PORT) as opened:
        yield opened


@pytest.fixture
def client(room):
    """The page's client."""
    return building.client(room)
