"""Question–answer pairs: from a call, and from and to the spreadsheet template."""

from collections.abc import Sequence
from pathlib import Path

from wenshu.core.database.scope import Scope
from wenshu.core.documents.workbook import write_workbook
from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.items import Pair
from wenshu.services.assistant.library.schemas import MOST_PAIRS, AddPairs
from wenshu.services.assistant.parts import Assistant

TEMPLATE_NAME = "问答库模板.xlsx"
_COLUMNS = ("问题", "答案", "来源")
_LONGEST = 20_000


def pairs_of(parts: Assistant, body: AddPairs) -> list[Pair]:
    """The pairs that a call carries. Raises InvalidInput where the lists do not go together."""
    questions, answers = _listed(body.question), _listed(body.answer)
    if len(questions) != len(answers):
        raise InvalidInput("question 与 answer 的数量不一致", field="answer")
    if isinstance(body.source, list):
        sources = body.source
        if len(sources) != len(questions):
            raise InvalidInput("source 与 question 的数量不一致", field="source")
    else:
        sources = [body.source or ""] * len(questions)
    pairs = [Pair(*row) for row in zip(questions, answers, sources, strict=True)]
    for pair in pairs:
        _check_source(parts, pair)
    return pairs


def template() -> bytes:
    """The spreadsheet to fill in: a header row."""
    return write_workbook("问答库", [_COLUMNS])


async def add_from_template(
    parts: Assistant, scope: Scope, path: Path, name: str
) -> tuple[int, list[dict[str, object]]]:
    """Store the filled-in rows; how many, and for each row that was left out its number and why.

    Raises ParseFailed for a file that is no spreadsheet, InvalidInput for one without the columns or without any pair.
    """
    pairs, skipped = _read(await parts.parser.rows(path, name))
    if not pairs:
        raise InvalidInput("模板中没有可导入的问答对", field="file", details=skipped)
    if len(pairs) > MOST_PAIRS:
        raise InvalidInput(f"一次最多导入 {MOST_PAIRS} 条问答对", field="file")
    for pair in pairs:
        _check_source(parts, pair)
    await parts.ingest.replace_pairs(scope, pairs)
    return len(pairs), skipped


def _read(rows: Sequence[Sequence[str]]) -> tuple[list[Pair], list[dict[str, object]]]:
    header = next((at for at, row in enumerate(rows) if set(_COLUMNS[:2]) <= {cell.strip() for cell in row}), None)
    if header is None:
        raise InvalidInput("模板缺少“问题”或“答案”列", field="file")
    titles = [cell.strip() for cell in rows[header]]
    pairs: list[Pair] = []
    skipped: list[dict[str, object]] = []
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = dict(zip(titles, (cell.strip() for cell in row), strict=False))
        question, answer, source = (cells.get(column, "") for column in _COLUMNS)
        beyond = any(cell.strip() for cell in row[len(titles) :])
        if not any(cells.values()) and not beyond:
            continue
        # A comma in an unquoted answer moves its rest into a further column: half an answer must not be taken for one.
        fault = "单元格多于表头的列，含逗号的内容请加引号" if beyond else _row_fault(question, answer)
        if fault:
            skipped.append({"row": number, "reason": fault})
        else:
            pairs.append(Pair(question, answer, source))
    return pairs, skipped


def _row_fault(question: str, answer: str) -> str:
    if not question:
        return "问题为空"
    if not answer:
        return "答案为空"
    return f"问题或答案超过 {_LONGEST} 个字符" if max(len(question), len(answer)) > _LONGEST else ""


def _check_source(parts: Assistant, pair: Pair) -> None:
    if parts.files.links.is_canonical(pair.source):
        raise InvalidInput("source 无效", field="source")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
