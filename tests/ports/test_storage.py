"""The conformance suite of stored files, on a folder and on S3."""

import asyncio
import os
import re
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.settings import StorageSettings
from wenshu.core.storage.errors import MESSAGES, StorageUnavailable
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id

MIB = 1024 * 1024


@pytest.fixture(params=["folder", "named-folder", "s3", "s3-prefix"])
def storage(request, tmp_path):
    """Settings of each kind of store."""
    if request.param.startswith("s3"):
        s3 = request.getfixturevalue("s3")
        return StorageSettings(**s3.settings("s3://wenshu/a/b" if request.param == "s3-prefix" else "s3://wenshu"))
    return StorageSettings(url="" if request.param == "folder" else (tmp_path / "文 件").as_uri())


@pytest.fixture
def objects(storage, tmp_path):
    return open_store(storage, tmp_path)


@pytest.fixture
async def files(objects, tmp_path):
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    yield Files(database, objects, Links("http://h", b"k" * 16, 60))
    await database.close()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


async def whole(objects, key, span=None) -> bytes:
    return b"".join([piece async for piece in await objects.open(key, span)])


async def test_what_is_put_comes_back(objects, source):
    key = new_id()
    await objects.put(key, source)
    assert await whole(objects, key) == source.read_bytes()
    await objects.put(key, b"over it")
    assert await whole(objects, key) == b"over it"


@pytest.mark.parametrize(("span", "found"), [((0, 3), b"abc"), ((2, 4), b"cd"), ((4, 7), b"efg"), ((6, 99), b"g")])
async def test_a_part(objects, span, found):
    key = new_id()
    await objects.put(key, b"abcdefg")
    assert await whole(objects, key, span) == found


async def test_an_empty_object(objects, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    key = new_id()
    await objects.put(key, tmp_path / "empty")
    assert await whole(objects, key) == b""


async def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_fault(objects):
    key, other = new_id(), new_id()
    await objects.put(key, b"a")
    await objects.put(other, b"b")
    for _ in range(2):
        await objects.delete(key)
    with pytest.raises(NotFound):
        await objects.open(key)
    assert await whole(objects, other) == b"b"


async def test_what_was_never_put_is_not_found(objects):
    with pytest.raises(NotFound):
        await objects.open(new_id())


async def test_many_at_once(objects, tmp_path):
    keys = [new_id() for _ in range(24)]
    for number, key in enumerate(keys):
        (tmp_path / key).write_bytes(os.urandom(number * 100_000))
    await asyncio.gather(*(objects.put(key, tmp_path / key) for key in keys))
    found = await asyncio.gather(*(whole(objects, key) for key in keys))
    assert found == [(tmp_path / key).read_bytes() for key in keys]


async def test_writers_of_one_key_leave_one_of_their_bodies(objects):
    key = new_id()
    bodies = [bytes([number]) * 200_000 for number in range(8)]
    await asyncio.gather(*(objects.put(key, body) for body in bodies))
    assert await whole(objects, key) in bodies


async def test_a_check_leaves_nothing_behind(objects, storage, tmp_path, request):
    await asyncio.gather(objects.check(), objects.check())
    if storage.url.startswith("s3"):
        left = request.getfixturevalue("s3").keys()
    else:
        left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in left if "probe" in name]


def memory(name: str) -> int:
    """Bytes of this process as the kernel counts them: most of the library's are not Python's."""
    return int(re.findall(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) * 1024


def forget_peak() -> int:
    """The high-water mark starts anew; what the process holds now."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


async def test_large_files_in_bounded_memory(objects, tmp_path):
    """The process grows by the parts under way, not by the file."""
    path, key, size = tmp_path / "large", new_id(), 60 * MIB
    with path.open("wb") as large:
        for _ in range(size // MIB):
            large.write(os.urandom(MIB))
    await objects.put(key, b"warm")
    before = forget_peak()
    await objects.put(key, path)
    digest, read = sha256(), 0
    async for piece in await objects.open(key):
        digest.update(piece)
        read += len(piece)
    assert memory("VmHWM") - before < 40 * MIB
    assert read == size
    assert digest.digest() == sha256(path.read_bytes()).digest()


async def test_what_is_kept_comes_back(files, source, tmp_path):
    file = await files.keep(Scope("t"), source, "报告.pdf", "application/pdf")
    assert file.size == 2_560_000
    assert await files.find(file.id) == file
    await files.fetch(file.id, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


async def test_another_scope_finds_nothing(files, source):
    file = await files.keep(Scope("t", "a"), source, "x", "text/plain")
    assert await files.find(file.id, Scope("t")) == file
    for other in (Scope(), Scope("t", "b"), Scope("u")):
        with pytest.raises(NotFound):
            await files.find(file.id, other)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b\\c", "#1", "CON.txt", "报告 (终稿)？.pdf", "x" * 255, "%2e%2e"]
)
async def test_names_are_words_not_paths(files, source, name):
    file = await files.keep(Scope("t"), source, name, "text/plain")
    assert (await files.find(file.id)).name == name
    assert len([piece async for piece in await files.read(file.id)]) > 0


async def test_an_unknown_id_is_not_found(files):
    with pytest.raises(NotFound):
        await files.find("0" * 32)
    with pytest.raises(NotFound):
        await files.read("0" * 32)


async def faults(objects, source) -> list[StorageUnavailable]:
    """What each call says."""
    found = []
    for call in (objects.put(new_id(), source), objects.open(new_id()), objects.delete(new_id()), objects.check()):
        with pytest.raises(StorageUnavailable) as caught:
            await call
        found.append(caught.value)
    return found


async def test_the_usual_variables_name_the_bucket_s_door(s3, source, tmp_path, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": s3.key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret,
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    key = new_id()
    await open_store(StorageSettings(url="s3://wenshu/by-variables", allow_http=True), tmp_path).put(key, source)
    assert s3.keys("by-variables/") == {f"by-variables/{key}": 2_560_000}
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    assert await whole(open_store(StorageSettings(**s3.settings("s3://wenshu/by-variables")), tmp_path), key)


@pytest.mark.parametrize(
    ("changed", "reason", "detail"),
    [
        ({"secret_access_key": "not-the-secret"}, "refused", "SignatureDoesNotMatch"),
        ({"access_key_id": "AKIANOTTHEKEY"}, "refused", "InvalidAccessKeyId"),
        ({"url": "s3://other"}, "refused", "AccessDenied"),
        ({"url": "s3://missing"}, "missing", "NoSuchBucket"),
        ({"endpoint": "http://127.0.0.1:1"}, "unreachable", "Connect"),
    ],
)
async def test_a_bucket_that_cannot_be_used_says_why_and_no_key(s3, source, tmp_path, changed, reason, detail):
    settings = StorageSettings(**{**s3.settings(), **changed})
    with capture_logs() as logged:
        told_to_callers = await faults(open_store(settings, tmp_path), source)
    assert {(line["reason"], line["log_level"]) for line in logged} == {(reason, "warning")}
    for error in told_to_callers:
        assert (error.reason, error.message) == (reason, MESSAGES[reason])
        assert detail in error.detail
        told = f"{error!r}{error}{error.__dict__}{error.__cause__}{logged}"
        secrets = (settings.access_key_id, settings.secret_access_key.get_secret_value(), settings.endpoint)
        assert not [secret for secret in secrets if secret in told]


async def test_a_folder_that_cannot_be_used_says_why(source, tmp_path):
    """A file stands where the folder was."""
    objects = open_store(StorageSettings(), tmp_path)
    (tmp_path / "objects").rmdir()
    (tmp_path / "objects").write_text("")
    for error in await faults(objects, source):
        assert (error.reason, error.detail) == ("broken", "os error 20")
        assert str(tmp_path) not in str(error)


async def test_what_a_killed_upload_left_in_the_folder_goes_with_its_object(tmp_path):
    objects = open_store(StorageSettings(), tmp_path)
    key, other = new_id(), new_id()
    for name in (f"{key}#1", f"{key}#12", f"{other}#1"):
        (tmp_path / "objects" / name).write_bytes(b"half")
    await objects.delete(key)
    assert [path.name for path in (tmp_path / "objects").iterdir()] == [f"{other}#1"]
