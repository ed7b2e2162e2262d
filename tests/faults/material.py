"""Texts whose every paragraph carries its version and number, so that half a text or two mixed ones show."""

import re

_MARK = re.compile(r"【(\w)(\d{6})】")


def text(version: str, paragraphs: int) -> str:
    """A document of this many paragraphs, about 55 characters each."""
    return "\n\n".join(
        f"【{version}{number:06d}】第{number}号仓库每月{number % 28 + 1}日盘点，由第{number % 50}小组负责，"
        f"差异超过{number % 9 + 1}件须当日上报，{version}版规定自发布之日起施行。"
        for number in range(paragraphs)
    )


def marks(stored: str) -> list[tuple[str, int]]:
    """(version, number) of each paragraph in it, in order."""
    return [(mark[1], int(mark[2])) for mark in _MARK.finditer(stored)]


def whole(version: str, paragraphs: int) -> list[tuple[str, int]]:
    """The marks of a whole text."""
    return [(version, number) for number in range(paragraphs)]


def questions(count: int) -> list[str]:
    return [f"第{number}号柜的钥匙由谁保管？" for number in range(count)]


def answers(version: str, count: int) -> list[str]:
    return [f"{version}版：由第{number}小组保管。" for number in range(count)]
