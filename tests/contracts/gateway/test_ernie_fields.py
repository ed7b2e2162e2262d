"""Every rule that the document states for a field of ERNIE's request: what breaks it is refused naming the field."""

from typing import Any

import pytest

from contracts.gateway.conftest import Gate
from contracts.gateway.wire import refused, status_of


def said(*roles: str) -> list[dict[str, Any]]:
    """Messages of these roles."""
    return [{"role": role, "content": "你好", **({"name": "f"} if role == "function" else {})} for role in roles]


FUNCTION = {"name": "weather", "description": "天气", "parameters": {"type": "object", "properties": {}}}
CALLED = [
    {"role": "user", "content": "天气？"},
    {"role": "assistant", "content": "", "function_call": {"name": "weather", "arguments": "{}"}},
    {"role": "function", "name": "weather", "content": '{"温度": 20}'},
]
BROKEN: list[tuple[str, Any, str]] = [
    ("messages", [], "不能为空 or 至少"),
    ("messages", None, "缺少"),
    ("messages", said("user", "assistant"), "奇数"),
    ("messages", said("user", "user", "user"), "偶数位"),
    ("messages", said("assistant", "user", "assistant"), "奇数位"),
    ("messages", said("assistant"), "奇数位"),
    ("messages", said("system"), "取值应为"),
    ("messages", [{"role": "user", "content": ""}], "content"),
    ("messages", [{"role": "user"}], "content"),
    ("messages", [{"role": "user", "content": 5}], "字符串"),
    ("messages", said("function"), "function_call"),
    ("messages", [*CALLED[:2], {"role": "function", "content": "{}"}], "name"),
    ("messages", "你好", "数组"),
    ("functions", {}, "数组"),
    ("functions", [{"description": "没有名称"}], "缺少"),
    ("functions", [{**FUNCTION, "name": "天气"}], "格式"),
    ("functions", [{**FUNCTION, "parameters": "x"}], "对象"),
    ("temperature", 0, "大于 0"),
    ("temperature", 1.01, "不能大于 1"),
    ("temperature", "热", "数字"),
    ("temperature", True, "数字"),
    ("top_p", -0.01, "不能小于 0"),
    ("top_p", 1.01, "不能大于 1"),
    ("penalty_score", 0.99, "不能小于 1"),
    ("penalty_score", 2.01, "不能大于 2"),
    ("stream", "也许", "布尔"),
    ("stream", 1, "布尔"),
    ("enable_system_memory", True, "system_memory_id"),
    ("system_memory_id", 5, "字符串"),
    ("system", ["你是助手"], "字符串"),
    ("stop", ["一", "二", "三", "四", "五"], "最多 4 项"),
    ("stop", ["字" * 21], "最长 20"),
    ("stop", "停", "数组"),
    ("disable_search", 0, "布尔"),
    ("enable_citation", "x", "布尔"),
    ("enable_trace", [], "布尔"),
    ("max_output_tokens", 1, "不能小于 2"),
    ("max_output_tokens", 4097, "不能大于 4096"),
    ("max_output_tokens", 2.5, "整数"),
    ("response_format", "xml", "取值应为"),
    ("response_format", {"type": "json_object"}, "取值应为"),
    ("user_ip", 1, "字符串"),
    ("user_id", {}, "字符串"),
    ("tool_choice", "auto", "对象"),
    ("tool_choice", {"type": "function", "function": {"name": "none"}}, "functions"),
    ("tool_choice", {"type": "other", "function": {"name": "weather"}}, "取值应为"),
]
KEPT: list[tuple[str, Any]] = [
    ("messages", said("user", "assistant", "user")),
    ("messages", CALLED),
    ("functions", [FUNCTION]),
    ("functions", [{**FUNCTION, "name": f"f{at}"} for at in range(200)]),
    ("temperature", 0.01),
    ("temperature", 1),
    ("temperature", "0.5"),
    ("top_p", 0),
    ("top_p", 1.0),
    ("penalty_score", 1),
    ("penalty_score", 2.0),
    ("stream", "false"),
    ("enable_system_memory", False),
    ("system", "你是文枢制作的助手。"),
    ("stop", ["一", "二", "三", "字" * 20]),
    ("disable_search", True),
    ("enable_citation", "true"),
    ("enable_trace", True),
    ("max_output_tokens", 2),
    ("max_output_tokens", "4096"),
    ("response_format", "json_object"),
    ("response_format", "text"),
    ("user_ip", "192.0.2.1"),
    ("user_id", "u-1"),
    ("extra_parameters", {"anything": True}),
]


@pytest.mark.parametrize(("field", "value", "words"), BROKEN, ids=[f"{one[0]}-{at}" for at, one in enumerate(BROKEN)])
def test_a_broken_rule_is_refused_naming_the_field(steady: Gate, field: str, value: Any, words: str) -> None:
    more = {"functions": [FUNCTION]} if field == "tool_choice" else {}
    body = refused(steady.ernie(**{**more, field: value}), 400)
    assert body["error_code"] == 336003
    assert field in body["error_msg"]
    assert any(word in body["error_msg"] for word in words.split(" or "))


@pytest.mark.parametrize(("field", "value"), KEPT, ids=[f"{one[0]}-{at}" for at, one in enumerate(KEPT)])
def test_what_keeps_the_rules_is_answered(steady: Gate, field: str, value: Any) -> None:
    answer = steady.ernie(**{field: value})
    assert status_of(answer) == 200, answer.text
    assert answer.json()["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("where", "length"),
    [("system", 516_096), ("messages", 516_096), ("functions", 516_096), ("system", 126_977)],
    ids=["characters of system", "characters of a message", "characters of functions", "tokens"],
)
def test_messages_functions_and_system_are_limited_together(steady: Gate, where: str, length: int) -> None:
    # A space is a character and no token; a Chinese character is both.
    long = "汉" * length if length < 200_000 else "x" + " " * length
    more: dict[str, Any] = {where: long} if where == "system" else {}
    if where == "functions":
        more = {"functions": [{**FUNCTION, "description": long}]}
    body = refused(steady.ernie([{"role": "user", "content": long}] if where == "messages" else "你好", **more), 400)
    assert body["error_code"] == 336003
    assert ("126976 tokens" if length < 200_000 else "516096 个字符") in body["error_msg"]


def test_the_limit_itself_is_kept(steady: Gate) -> None:
    answer = steady.ernie("你好", system="x" + " " * (516_096 - 3))
    assert status_of(answer) == 200, answer.text


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [(b"{", "application/json", 336002), (b"[]", "application/json", 336002), (b"{}", "text/plain", 336002)],
)
def test_what_is_no_json(steady: Gate, content: bytes, kind: str, code: int) -> None:
    headers = {"Content-Type": kind}
    path = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"
    answer = steady.client.post(path, params={"access_token": steady.token}, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (200, code)
