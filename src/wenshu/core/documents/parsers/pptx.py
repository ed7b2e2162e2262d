"""PPTX: one heading a slide, its text, tables and speaker's notes."""

import io
from collections.abc import Iterable, Iterator

import pptx
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide
from pptx.text.text import TextFrame

from wenshu.core.documents.archive import check_contents, open_archive
from wenshu.core.documents.builder import TextBuilder, one_line
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format


def parse(data: bytes, limits: Limits) -> Parsed:
    """Pages are slides, from 1. A slide without a title is headed by its number."""
    with open_archive(data, limits) as archive:
        check_contents(archive, limits)
    presentation = pptx.Presentation(io.BytesIO(data))
    builder = TextBuilder(limits)
    slides = list(presentation.slides)
    for number, slide in enumerate(slides, 1):
        _slide(builder, slide, number)
    title = one_line(presentation.core_properties.title or "")
    if title in ("", "PowerPoint Presentation", "PowerPoint 演示文稿"):
        title = _title(slides[0]) if slides else ""
    return builder.build(title=title, media_type=Format.PPTX.media_type, pages=len(slides))


def _title(slide: Slide) -> str:
    shape = slide.shapes.title
    return one_line(shape.text_frame.text) if shape is not None else ""


def _slide(builder: TextBuilder, slide: Slide, number: int) -> None:
    title = slide.shapes.title
    shapes = [shape for shape in _shapes(slide.shapes) if title is None or shape.shape_id != title.shape_id]
    frames = [shape.text_frame for shape in shapes if isinstance(shape, Shape)]
    tables = [shape.table for shape in shapes if isinstance(shape, GraphicFrame) and shape.has_table]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    said = notes.text.strip() if notes is not None else ""
    if not (_title(slide) or tables or said or any(frame.text.strip() for frame in frames)):
        return  # pictures only: a heading of ours is no text of theirs
    builder.heading(_title(slide) or f"第 {number} 页", 1, number)
    for frame in frames:
        _frame(builder, frame, number)
    for table in tables:
        builder.table(([cell.text for cell in row.cells] for row in table.rows), number)
    if said:
        builder.paragraph(f"备注：{said}", number)


def _shapes(shapes: Iterable[BaseShape]) -> Iterator[BaseShape]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _frame(builder: TextBuilder, frame: TextFrame, number: int) -> None:
    for paragraph in frame.paragraphs:
        if paragraph.level:
            builder.item(paragraph.text, paragraph.level, number)
        else:
            builder.paragraph(paragraph.text, number)
