import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wenshu.core.settings import StorageSettings
from wenshu.core.storage.links import Links, load_secret
from wenshu.kit.ids import new_id

LINKS = Links("http://h:1", b"secret", 60)


@given(st.text(min_size=1, max_size=60))
def test_a_signed_link_opens_and_names_its_file(name):
    file_id = new_id()
    signed = LINKS.signed(LINKS.canonical(file_id, name))
    assert signed.startswith("http://h:1/files/")
    assert LINKS.file_id(signed) == file_id
    assert LINKS.opens(signed)


def test_a_foreign_or_changed_link_does_not():
    canonical = LINKS.canonical(new_id(), "a.txt")
    signed = LINKS.signed(canonical)
    other = LINKS.signed(LINKS.canonical(new_id(), "a.txt"))
    assert not LINKS.opens(canonical)
    assert not LINKS.opens(signed.split("&")[0] + "&" + other.split("&")[1])
    assert not LINKS.opens(signed.replace("expires=", "expires=9"))
    assert not Links("http://h:1", b"other", 60).opens(signed)
    assert LINKS.file_id("http://h:1/files/../etc/passwd") is None
    assert LINKS.file_id("http://elsewhere/files/" + new_id() + "/a") is None
    assert LINKS.signed("https://example.com/a") == "https://example.com/a"
    assert LINKS.signed("/files/" + new_id() + "/a").startswith("/files/")


def test_a_link_of_an_earlier_address_is_ours_by_its_signature():
    signed = Links("http://earlier:2", b"secret", 60).signed(LINKS.canonical(new_id(), "a"))
    assert LINKS.file_id(signed)
    assert LINKS.opens(signed)
    assert LINKS.file_id(signed[:-1] + "x") is None


def test_an_expired_link_still_names_its_file():
    past = Links("http://h:1", b"secret", -1)
    signed = past.signed(past.canonical(new_id(), "a"))
    assert not LINKS.opens(signed)
    assert LINKS.file_id(signed)


def test_the_secret_is_made_once_and_private(tmp_path):
    path = tmp_path / "secret.key"
    first = load_secret(StorageSettings(), path)
    assert len(first) == 32
    assert load_secret(StorageSettings(), path) == first
    assert path.stat().st_mode & 0o077 == 0


def test_a_secret_that_is_set_makes_no_file(tmp_path):
    path = tmp_path / "secret.key"
    assert load_secret(StorageSettings(link_secret="正好十六字节以上的密钥"), path).decode() == "正好十六字节以上的密钥"
    assert not path.exists()


def test_the_content_of_the_file_may_be_set_and_its_links_go_on(tmp_path):
    path = tmp_path / "secret.key"
    first = load_secret(StorageSettings(), path)
    assert load_secret(StorageSettings(link_secret=path.read_text()), tmp_path / "none") == first


def test_a_short_secret_is_refused_and_not_repeated():
    with pytest.raises(ValidationError, match="16 bytes") as caught:
        StorageSettings(link_secret="fifteen-bytes-x")
    assert "fifteen" not in str(caught.value)
