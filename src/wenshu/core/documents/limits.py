"""How much one document may cost; past a limit it is refused with a typed reason, never half read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one parse. All are inclusive; passing one is ``too_large``, or ``timeout`` for the two times."""

    file_bytes: int = 50 * 1024 * 1024
    """Bytes of the file as uploaded."""
    memory_bytes: int = 512 * 1024 * 1024
    """Bytes of address space a parse may take beyond what the idle parser process has (RLIMIT_AS)."""
    cpu_seconds: int = 60
    """Seconds of processor time (RLIMIT_CPU)."""
    wall_seconds: float = 120.0
    """Seconds from the start of the parse to its end."""
    characters: int = 20_000_000
    """Unicode characters of the text that comes out."""
    result_bytes: int = 80 * 1024 * 1024
    """Bytes of the serialised result (RLIMIT_FSIZE): room for ``characters`` Chinese characters and their blocks."""
    blocks: int = 200_000
    """Paragraphs, headings, lists and tables of a document."""
    pdf_pages: int = 2_000
    """Pages of a PDF."""
    archive_entries: int = 10_000
    """Files inside an Office document."""
    unpacked_bytes: int = 256 * 1024 * 1024
    """Bytes of an Office document when unpacked, counted while unpacking, not believed from its directory."""
    unpacked_ratio: int = 200
    """Unpacked to packed bytes of one file inside an Office document, judged from 8 MiB unpacked on."""
    sheet_cells: int = 5_000_000
    """Cells of the rectangle a sheet spans, empty ones included: readers allocate it whole."""
