"""Files for the tests, made on the spot."""

import io
import zipfile
from collections.abc import Callable, Sequence

import docx
import openpyxl
import pptx
from pptx.util import Inches


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    bookmarks: Sequence[tuple[str, int]] = (),
    title: str = "",
    password: bool = False,
) -> bytes:
    """A PDF whose pages have these lines, in a standard CID font, which every reader knows without embedding."""
    count = len(pages)
    page_ids = [10 + 2 * index for index in range(count)]
    first_mark = 10 + 2 * count
    objects: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, b" ".join(b"%d 0 R" % each for each in page_ids)),
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [4 0 R] >>",
        4: b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>",
        5: b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0"
        b" /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        6: b"<< /Type /Outlines /Count %d /First %d 0 R /Last %d 0 R >>"
        % (len(bookmarks), first_mark, first_mark + len(bookmarks) - 1)
        if bookmarks
        else b"<< /Type /Outlines /Count 0 >>",
        7: b"<< /Title <%s> >>" % _utf16(title),
    }
    for number, lines in zip(page_ids, pages, strict=True):
        drawn = [b"1 0 0 1 50 %d Tm <%s> Tj" % (800 - 16 * row, line.encode("utf-16-be").hex().encode())
                 for row, line in enumerate(lines)]  # fmt: skip
        stream = b"BT /F1 12 Tf %s ET" % b" ".join(drawn) if lines else b""
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (number + 1)
        )
        objects[number + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    for index, (name, page) in enumerate(bookmarks):
        after = b" /Next %d 0 R" % (first_mark + index + 1) if index + 1 < len(bookmarks) else b""
        objects[first_mark + index] = b"<< /Title <%s> /Parent 6 0 R /Dest [%d 0 R /Fit]%s >>" % (
            _utf16(name),
            page_ids[page - 1],
            after,
        )
    extra = b""
    if password:
        objects[8] = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"11" * 32, b"22" * 32)
        extra = b" /Encrypt 8 0 R /ID [<00> <00>]"
    return _assemble(objects, extra)


def pdf_stream(stream: bytes, entries: bytes) -> bytes:
    """A PDF of one page whose content stream is this, with these entries in its dictionary."""
    return _assemble(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            4: b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), entries, stream),
            7: b"<< >>",
        },
        b"",
    )


def _utf16(text: str) -> bytes:
    return b"feff" + text.encode("utf-16-be").hex().encode()


def _assemble(objects: dict[int, bytes], extra: bytes) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (size, extra, start)
    return bytes(out)


def docx_file(fill: Callable[["docx.document.Document"], object]) -> bytes:
    document = docx.Document()
    fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_text(*paragraphs: str) -> bytes:
    def fill(document: "docx.document.Document") -> None:
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)

    return docx_file(fill)


def xlsx(sheets: dict[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def pptx_file() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "年度总结"
    slide.placeholders[1].text = "营收增长 22.4%"
    deeper = slide.placeholders[1].text_frame.add_paragraph()
    deeper.text, deeper.level = "其中海外占三成", 1
    slide.notes_slide.notes_text_frame.text = "这一页讲三分钟。"
    second = deck.slides.add_slide(deck.slide_layouts[6])
    table = second.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for row, cells in enumerate((("地区", "营收"), ("华东", "386"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The archive with these parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return archive({**{info.filename: old.read(info) for info in old.infolist()}, **parts})


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in parts.items():
            file.writestr(name, body)
    return out.getvalue()


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read(name)
