"""Extract: an utterance and a form in, the fields' values out, each with its span; never one that is not said."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from wenshu.services.forms.amend import amended
from wenshu.services.forms.candidates import calm, candidates
from wenshu.services.forms.choose import Choice, choose, unsure
from wenshu.services.forms.definition import Definition, faults
from wenshu.services.forms.fields import Field, fields_of
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.rows import rows
from wenshu.services.forms.schemas import Doubt, Evidence, Outcome
from wenshu.services.forms.tables import TaskState

_SHORT = 400
"""Characters that are read in place; longer texts are read beside the event loop."""
_pool = ThreadPoolExecutor(2, thread_name_prefix="forms")
_WEAK = {"date", "date-time", "time", "person", "place", "department", "number", "flag", "choice"}
_IDLE = re.compile("吗|怎么|什么|是不是|能不能|有没有|多少|哪|谁|如何|可以.*[?]|谢谢|大家|通知|请各|已经|[?]")
"""One such value in a question or a notice is no form: 今天系统登不上去，你们能进吗."""
_REASONS = {
    "about": "只是约数",
    "checksum": "校验位不符",
    "length": "位数不对",
    "vague": "没有说清",
    "schema": "不符合表单的要求",
}


async def extract(parts: Forms, definition: Definition, text: str, moment: datetime, *, evidence: bool) -> Outcome:
    """The outcome for a text, relative dates as of ``moment`` (aware)."""
    del parts
    if len(text) <= _SHORT:
        return read(definition, text, moment, evidence=evidence)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool, lambda: read(definition, text, moment, evidence=evidence))


def read(definition: Definition, text: str, moment: datetime, *, evidence: bool = False) -> Outcome:
    """The same without waiting: pure."""
    fields = fields_of(definition)
    folded = calm(text)
    found = amended(text, candidates(text, moment, fields))
    chosen = choose(folded, [field for field in fields if field.kind != "rows"], found)
    if len(chosen) == 1 and chosen[0].field.kind in _WEAK and _IDLE.search(folded):
        chosen = []
    for field in fields:
        if field.kind == "rows":
            chosen += rows(folded, text, field, found)
    return outcome(definition, fields, chosen, evidence=evidence)


def outcome(definition: Definition, fields: list[Field], chosen: list[Choice], *, evidence: bool) -> Outcome:
    """What was chosen as the answer: typed, checked against the schema, and what is missing or unclear."""
    result: dict[str, Any] = {}
    used: dict[str, list[Choice]] = {}
    doubts: dict[str, Doubt] = {}
    for choice in sorted(chosen, key=lambda one: one.candidate.start):
        name = choice.field.name
        if unsure(choice):
            doubts.setdefault(name, _doubt(choice, choice.candidate.doubt))
        elif choice.field.many:
            values = result.setdefault(name, [])
            if choice.candidate.value not in values:
                values.append(choice.candidate.value)
                used.setdefault(name, []).append(choice)
        else:
            result[name] = choice.candidate.value
            used[name] = [choice]
    for name in faults(definition, result):
        if name in result:
            del result[name]
            doubts[name] = _doubt(used.pop(name)[0], "schema")
    ordered = {field.name: result[field.name] for field in fields if field.name in result}
    missing = [field for field in fields if field.required and field.name not in ordered]
    unclear = [doubts[field.name] for field in fields if field.name in doubts and field.name not in ordered]
    return Outcome(
        status=(TaskState.FAILED if missing else TaskState.SUCCEEDED).value,
        result=ordered,
        error=f"无法识别{_names(missing)}字段" if missing else None,
        missing=[field.name for field in missing] or None,
        unclear=unclear or None,
        evidence={name: [_evidence(one) for one in choices] for name, choices in used.items()} if evidence else None,
    )


def _names(fields: list[Field]) -> str:
    return "、".join(str(field.schema.get("title", field.name)) for field in fields)


def _doubt(choice: Choice, reason: str) -> Doubt:
    return Doubt(field=choice.field.name, text=choice.candidate.text, reason=_REASONS.get(reason, reason))


def _evidence(choice: Choice) -> Evidence:
    one = choice.candidate
    reason = "表单用语" if one.field else one.kind
    return Evidence(text=one.text, start=one.start, end=one.end, confidence=choice.confidence, reason=reason)
