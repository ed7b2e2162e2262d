import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.core.documents import samples
from wenshu.core.documents.archive import check_contents, open_archive
from wenshu.core.documents.limits import Limits
from wenshu.kit.errors import ParseFailed

_MIB = 1024 * 1024


def _check(data: bytes, limits: Limits | None = None) -> str:
    """The reason for refusing, empty for none."""
    limits = limits or Limits()
    try:
        with open_archive(data, limits) as archive:
            check_contents(archive, limits)
    except ParseFailed as failed:
        return failed.reason
    return ""


def test_an_honest_document_passes() -> None:
    assert not _check(samples.docx_text("正文"))


@pytest.mark.parametrize(
    ("parts", "limits", "reason"),
    [
        ({f"{index}.xml": b"<a/>" for index in range(11)}, Limits(archive_entries=10), "too_large"),
        ({"a.xml": b"<a>" + b"x" * _MIB}, Limits(unpacked_bytes=_MIB), "too_large"),
        ({"a.bin": bytes(20 * _MIB)}, Limits(), "too_large"),
        ({"a.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'}, Limits(), "unsupported"),
        ({"a.rels": b"<?xml version='1.0'?>\n<!doctype a SYSTEM 'http://x/'><a/>"}, Limits(), "unsupported"),
        (
            {"a.xml": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16")},
            Limits(),
            "unsupported",
        ),
        ({"a.xml": b'<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE a><a/>'}, Limits(), "unsupported"),
        ({"word/b.zip": b"x"}, Limits(), "unsupported"),
        ({"../a.xml": b"<a/>"}, Limits(), "corrupt"),
        ({"/a.xml": b"<a/>"}, Limits(), "corrupt"),
        ({"a.xml": b"<a/>", "A.xml": b"<a/>"}, Limits(), "corrupt"),
    ],
)
def test_hostile_archives_are_refused(parts: dict[str, bytes], limits: Limits, reason: str) -> None:
    assert _check(samples.archive(parts), limits) == reason


def test_a_doctype_across_two_reads_is_found() -> None:
    for shift in range(12):
        assert (
            _check(samples.archive({"a.xml": b"<a>" + b" " * (256 * 1024 - 3 - shift) + b"<!DOCTYPE"})) == "unsupported"
        )


def test_an_embedded_workbook_is_allowed() -> None:
    inner = samples.xlsx({"a": [["x"]]})
    assert not _check(samples.repacked(samples.docx_text("x"), {"word/embeddings/a.xlsx": inner}))


def test_sizes_claimed_by_the_directory_are_not_believed() -> None:
    data = bytearray(samples.archive({"a.bin": bytes(20 * _MIB)}))
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    assert _check(bytes(data)) in {"too_large", "corrupt"}


def test_an_encrypted_entry_is_said_to_be_one() -> None:
    data = bytearray(samples.archive({"a.xml": b"<a/>"}))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    assert _check(bytes(data)) == "encrypted"


def test_unusual_compression_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", b"<a/>")
    assert _check(out.getvalue()) == "unsupported"


@given(st.data())
def test_a_damaged_archive_never_escapes_as_another_error(data: st.DataObject) -> None:
    honest = samples.archive({"a.xml": b"<a>" + b"text" * 50 + b"</a>", "b.bin": b"\0" * 300})
    broken = bytearray(honest)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(honest) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(honest)))

    assert _check(bytes(broken[:cut])) in {"", "corrupt", "too_large", "unsupported", "encrypted"}
