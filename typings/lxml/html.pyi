from lxml.etree import ElementBase

class _ErrorLog:
    def filter_from_fatals(self) -> list[object]: ...

class HTMLParser:
    error_log: _ErrorLog
    def __init__(
        self,
        *,
        encoding: str | None = None,
        remove_comments: bool = False,
        remove_pis: bool = False,
        huge_tree: bool = False,
    ) -> None: ...

def document_fromstring(html: bytes | str, parser: HTMLParser | None = None) -> ElementBase: ...
