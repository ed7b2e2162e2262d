from pathlib import Path

import pytest

from wenshu.core.settings import StorageSettings
from wenshu.core.storage.store import Bucket, _endpoint, open_store, place

HOME = Path("/home/of/wenshu")
S3 = {"url": "s3://b-1"}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def named(**settings):
    return place(StorageSettings(**settings), HOME)


def test_folders():
    assert named() == HOME / "objects"
    assert named(url="file:///a/b%20c") == Path("/a/b c")
    assert named(url="file://localhost/a") == Path("/a")


def test_buckets():
    assert named(url="s3://b-1") == Bucket("b-1", "", "")
    assert named(url="s3://b.1/x/y/") == Bucket("b.1", "x/y", "")
    assert named(url="s3://b-1", endpoint="https://h:9000/") == Bucket("b-1", "", "https://h:9000")
    assert named(url="s3://b-1", endpoint="http://h", allow_http=True) == Bucket("b-1", "", "http://h")


def test_the_usual_variable_names_the_endpoint_too(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://h")
    with pytest.raises(ValueError, match="ALLOW_HTTP"):
        named(**S3)
    assert named(**S3, endpoint="https://other") == Bucket("b-1", "", "https://other")


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "objects"},
        {"url": "/objects"},
        {"url": "file:objects"},
        {"url": "file://host/objects"},
        {"url": "ftp://h/x"},
        {"url": "gs://b-1"},
        {"url": "s3://"},
        {"url": "s3://B_1"},
        {"url": "s3://key:secret@b-1"},
        {"url": "s3://b-1?x=1"},
        {"url": "s3://b-1/a//b"},
        {"url": "s3://b-1/a/../b"},
        {**S3, "endpoint": "h:9000"},
        {**S3, "endpoint": "ftp://h"},
        {**S3, "endpoint": "https://key:secret@h"},
        {**S3, "endpoint": "http://h"},
        {**S3, "access_key_id": "AKIA"},
        {**S3, "secret_access_key": "secret"},
    ],
)
def test_what_names_no_store_is_told_in_two_languages_without_what_was_given(settings):
    with pytest.raises(ValueError, match=r"[一-鿿].*[a-z]") as caught:
        named(**settings)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "path_style", "reached"),
    [
        ("", True, ""),
        ("", False, ""),
        ("https://h:9000", True, "https://h:9000"),
        ("https://oss-cn-hangzhou.aliyuncs.com", False, "https://b-1.oss-cn-hangzhou.aliyuncs.com"),
        ("https://b-1.oss-cn-hangzhou.aliyuncs.com", False, "https://b-1.oss-cn-hangzhou.aliyuncs.com"),
    ],
)
def test_the_bucket_stands_in_the_host_where_that_is_the_style(endpoint, path_style, reached):
    settings = StorageSettings(**S3, endpoint=endpoint, path_style=path_style)
    at = place(settings, HOME)
    assert isinstance(at, Bucket)
    assert _endpoint(settings, at) == reached
    assert open_store(settings, HOME)


def test_a_folder_is_made(tmp_path):
    open_store(StorageSettings(url=(tmp_path / "a" / "b").as_uri()), tmp_path)
    assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "objects").exists()
