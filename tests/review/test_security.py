"""Nobody but the page itself, on this machine, gets an answer, and nobody gets another file."""

import stat

import pytest
from starlette.testclient import TestClient

from editor.review.room import Room
from editor.review.security import LARGEST_BODY, cookie_name, token_of
from editor.review.server import create_app, listen
from tests.review.outputs import PORT, client, error

ONE = "/api/versions/toys-v001"
DROP = {"revision": 0, "correction": {"kind": "drop", "cut": "c1"}}


@pytest.fixture
def stranger(room):
    """A client that knows the address and nothing else."""
    return TestClient(create_app(room), base_url=f"http://127.0.0.1:{PORT}")


def unchanged(room: Room) -> bool:
    return room.desk.open("toys-v001").revision == 0


# --- who asks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8642", "127.0.0.1", "127.0.0.1:1",
                                  "127.0.0.1:8642.evil.example", "", "localhost"])  # fmt: skip
def test_a_foreign_host_is_refused(client, room, host):
    assert error(client.get(ONE, headers={"Host": host}))[:2] == (403, "host")
    assert error(client.get("/", headers={"Host": host}))[:2] == (403, "host")
    answer = client.post(f"{ONE}/corrections", json=DROP, headers={"Host": host})
    assert error(answer)[:2] == (403, "host")
    assert unchanged(room)


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_its_own_names_are_answered(client, host):
    assert client.get(ONE, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://127.0.0.1:{PORT}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"http://localhost:{PORT}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_origin_is_refused_even_with_the_token(client, room, headers):
    for path in (ONE, "/media/versions/toys-v001/film"):
        assert error(client.get(path, headers=headers))[:2] == (403, "origin")
    answer = client.post(f"{ONE}/corrections", json=DROP, headers=headers)
    assert error(answer)[:2] == (403, "origin")
    assert unchanged(room)


@pytest.mark.parametrize(
    "path",
    [
        "/api/versions", ONE, f"{ONE}/curves", f"{ONE}/moments", "/api/history", "/api/session",
        "/media/versions/toys-v001/film", "/media/versions/toys-v001/storyboard.png", "/api/jobs",
    ],
)  # fmt: skip
def test_nothing_of_the_footage_is_told_without_the_token(stranger, path):
    assert error(stranger.get(path))[:2] == (401, "token")
    assert error(stranger.get(path, headers={"X-Editor-Token": "x" * 43}))[:2] == (401, "token")
    cookie = {"Cookie": f"{cookie_name(PORT)}=wrong; other=1"}
    assert error(stranger.get(path, headers=cookie))[:2] == (401, "token")


@pytest.mark.parametrize(
    "path",
    [
        f"{ONE}/corrections", f"{ONE}/undo", f"{ONE}/verdict", f"{ONE}/render", f"{ONE}/again",
        f"{ONE}/export", f"{ONE}/relink", "/api/comparisons", "/api/comparisons/1", "/api/retrain",
        "/api/jobs/1/stop", "/api/session",
    ],
)  # fmt: skip
def test_nothing_is_changed_without_the_token_not_even_with_the_cookie(stranger, room, path):
    for headers in ({}, {"X-Editor-Token": ""}, {"Cookie": f"{room.cookie}={room.token}"}):
        assert error(stranger.post(path, json=DROP, headers=headers))[:2] == (401, "token")
    assert unchanged(room)


def test_the_page_itself_holds_no_secret(stranger, room):
    answer = stranger.get("/")
    assert answer.status_code == 200
    assert room.token not in answer.text
    assert "set-cookie" not in answer.headers


def test_the_token_is_exchanged_for_a_cookie_that_reads_and_stays_home(stranger, room):
    answer = stranger.post("/api/session", headers={"X-Editor-Token": room.token})
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert stranger.get(ONE).status_code == 200
    assert stranger.get("/api/session").json()["token"] == room.token


def test_the_token_is_its_owners_alone_and_outlives_the_server(outputs):
    with Room(outputs, PORT) as first:
        token = first.token
    path = outputs / ".cache" / "review" / "review-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Room(outputs, PORT) as again:
        assert again.token == token
    assert len(token) >= 43


def test_a_token_that_was_half_written_is_made_anew(tmp_path):
    (tmp_path / "review-token").write_text("abc")
    assert len(token_of(tmp_path)) >= 43


def test_only_this_machine_can_connect():
    with listen(None) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


# --- what is answered -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/static/page.css", ONE, "/nowhere"])
def test_every_answer_carries_the_strict_policy(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client, method):
    assert client.request(method, ONE).status_code == 405


OUTSIDE = [
    "../outputs/toys-v001", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e", "....//....//etc",
    "toys-v001%2f..%2ftoys-v002", "toys-v001%00", ".cache", "..", "%252e%252e%252fetc",
    "/etc/passwd", "%5c..%5c..", "toys-v001%2fedit.json", ".naming.lock", "\uff0e\uff0e",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_path_of_a_request_reaches_another_file(client, tmp_path, name):
    (tmp_path / "secret.txt").write_text("secret")
    for path in (
        f"/api/versions/{name}",
        f"/media/versions/{name}/film.mp4",
        f"/media/versions/{name}/storyboard.png",
        f"/media/versions/toys-v001/{name}",
        f"/media/versions/toys-v001/clips/{name}",
        f"/media/versions/toys-v001/thumbs/{name}/1",
        f"/static/{name}",
        f"/static/../{name}",
    ):
        answer = client.get(path)
        page = answer.url.path == "/"  # ".." that the client itself took off
        assert page or answer.status_code in (400, 404, 405), path
        assert b"root:" not in answer.content
        assert b"secret" not in answer.content


@pytest.mark.parametrize("name", ["edit.json", "report.json", "timeline.otio", ".lock", "film"])
def test_a_versions_folder_gives_out_its_pictures_and_its_film_alone(client, outputs, name):
    (outputs / "toys-v001" / "film").write_text("x")
    answer = client.get(f"/media/versions/toys-v001/{name}?revision=0")
    assert answer.status_code == (200 if name == "film" else 404)
    assert answer.headers["content-type"] != "application/octet-stream"


def test_a_link_out_of_the_versions_folder_is_not_followed(client, outputs, tmp_path):
    (tmp_path / "secret.mp4").write_text("secret")
    (outputs / "toys-v001" / "film.mp4").symlink_to(tmp_path / "secret.mp4")
    assert client.get("/media/versions/toys-v001/film.mp4").status_code == 404


def test_a_version_folder_that_is_a_link_hands_out_nothing_from_elsewhere(
    client, outputs, tmp_path
):
    (outputs / "toys-v001").rename(tmp_path / "away")
    (outputs / "toys-v001").symlink_to(tmp_path / "away")
    (tmp_path / "away" / "film.mp4").write_bytes(b"elsewhere")
    assert client.get("/media/versions/toys-v001/film.mp4").status_code == 404


def test_a_clip_of_other_footage_is_not_given_out(client, outputs, tmp_path):
    from tests.review import outputs as building

    (other,) = building.footage(tmp_path / "other" / "private", ["private.mp4"])
    building.version(outputs, building.film([other]), name="private")
    assert client.get("/api/versions/private-v001").status_code == 200  # the store knows its clip
    for path in (
        f"/media/versions/toys-v001/clips/{other.digest}",
        f"/media/versions/toys-v001/thumbs/{other.digest}/1",
        f"{ONE}/clips/{other.digest}/proxy",
    ):
        assert client.get(path).status_code == 404
    put_in = {"kind": "insert", "clip": other.digest, "clip_in": 0, "clip_out": 9, "before": None}
    answer = client.post(f"{ONE}/corrections", json={"revision": 0, "correction": put_in})
    assert error(answer)[:2] == (422, "refused")


# --- what is too much -----------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(client, room):
    large = {"revision": 0, "correction": {"kind": "note", "cut": None, "text": "x" * LARGEST_BODY}}
    assert error(client.post(f"{ONE}/corrections", json=large))[:2] == (413, "large")

    def streamed():
        for _ in range(40):
            yield b" " * 4096

    assert error(client.post(f"{ONE}/corrections", content=streamed()))[:2] == (413, "large")
    assert unchanged(room)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b'{"revision": 0}', "application/json", 400),
        (b'{"revision": "0", "correction": {}}', "application/json", 400),
        (b'{"revision": true, "correction": {}}', "application/json", 400),
        (b'{"revision": -1, "correction": {"kind": "drop", "cut": "c1"}}', "application/json", 400),
        (b'{"revision": 0, "correction": {}, "path": "/etc"}', "application/json", 400),
        (b'{"revision": 0, "correction": {"kind": "drop", "cut": "c1"}}', "text/plain", 400),
        (b"revision=0", "application/x-www-form-urlencoded", 400),
        (b'{"revision": 0, "correction": {"kind": "drop"}}', "application/json", 422),
        (b'{"revision": 1e999, "correction": {}}', "application/json", 400),
    ],
)
def test_a_malformed_request_is_refused_and_changes_nothing(client, room, content, kind, status):
    answer = client.post(f"{ONE}/corrections", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert unchanged(room)


def test_a_wrong_length_is_refused(client):
    answer = client.post(f"{ONE}/corrections", content=b"{}", headers={"Content-Length": "9" * 30})
    assert answer.status_code == 413


# --- names ----------------------------------------------------------------------------------------


def test_names_are_text(outputs, tmp_path, shot_once):
    """A clip's name is markup, and has bytes that are no text; so has the editor's note."""
    from tests.review import outputs as building

    folder = tmp_path / "odd"
    folder.mkdir()
    source = (shot_once / "rushes" / "a.mp4").read_bytes()
    name = "<img src=x onerror=alert(1)>\n'\".mp4"
    (folder / name).write_bytes(source + b"\0" * 8)
    clips, _ = building.ingest.ingest(
        [folder], building.Cache(outputs / ".cache"), lambda *told: None
    )
    title = building.version(outputs, building.film(clips), name="<b>odd & more")
    with Room(outputs, PORT) as room:
        page = client(room)
        answer = page.get(f"/api/versions/{title.replace('&', '%26')}")
        assert answer.headers["content-type"] == "application/json"
        (clip,) = answer.json()["clips"].values()
        assert clip["name"] == name.replace("\n", "\\n")
        note = {"kind": "note", "cut": None, "text": "<script>alert(1)</script>\u2028"}
        path = f"/api/versions/{title.replace('&', '%26')}/corrections"
        answer = page.post(path, json={"revision": 0, "correction": note})
        assert answer.json()["note"] == "<script>alert(1)</script>"
