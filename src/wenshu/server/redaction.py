"""Redaction: what opens something never stands in a log line, whoever wrote it there."""

import re

_MASK = "***"
_PATTERNS = (
    # Our own: API keys, refresh tokens, the command line's credential; what remains tells which one it was.
    (re.compile(r"\b(wsk_[0-9a-f]{0,12}|wsr|wsl)_[\w-]+"), rf"\1_{_MASK}"),
    (re.compile(r"\b(wst_[0-9a-f]{0,12})\.[\w.-]+"), rf"\1.{_MASK}"),
    # JSON web tokens, ours and others'.
    (re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*){1,2}"), f"eyJ{_MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{8,}"), rf"\1\2{_MASK}"),
    # ``postgresql://user:…@host``, to the last @ of the address's first part.
    (re.compile(r"""(://[^\s:/@"'\\]*:)[^\s/"'\\]+@"""), rf"\1{_MASK}@"),
    # ``?access_token=…`` in an address, ``"password": "…"`` in a body, escaped or not.
    (
        re.compile(
            r"""(?ix)
            \b(access_token|refresh_token|api[_-]?key|secret[_-]?key|client_secret|[a-z_]*password|signature)
            (\\*["']?\s*[:=]\s*\\*["']?)
            ([^&\s"'\\,;}]+)
            """
        ),
        rf"\1\2{_MASK}",
    ),
)
# Lines without any of these, nearly all of them, cost one look.
_MAY_HOLD = re.compile(r"(?i)ws[krlt]_|eyJ|bearer|basic|token|key|secret|password|signature|://[^\s/]*@")


def redacted(line: str) -> str:
    """The line with each secret masked."""
    if _MAY_HOLD.search(line) is None:
        return line
    for pattern, replacement in _PATTERNS:
        line = pattern.sub(replacement, line)
    return line
