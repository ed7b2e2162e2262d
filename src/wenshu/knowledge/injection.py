"""Words in material that speak to a model rather than to a reader: data all the same, and worth telling its owner."""

import re
from collections.abc import Sequence
from dataclasses import replace

from wenshu.knowledge.passage import Passage
from wenshu.zh.fold import fold


def addresses_a_model(text: str) -> bool:
    """Whether a text gives a model orders: to forget its rules, take another part, reveal what it was told."""
    return _ORDER.search(fold(text)) is not None


def disarmed(passage: Passage) -> Passage:
    """The passage with each line that gives a model orders blanked; all else stands where it stood."""
    lines = passage.text.split("\n")
    kept = "\n".join(" " * len(line) if addresses_a_model(line) else line for line in lines)
    return passage if kept == passage.text else replace(passage, text=kept)


def speakers(passages: Sequence[Passage]) -> list[str]:
    """The names of the sources that give a model orders, each once."""
    return list(dict.fromkeys(passage.name for passage in passages if addresses_a_model(passage.text)))


_RULES = r"(?:指令|指示|规则|要求|限制|提示词|提示|设定|约束|命令)"
_WHOSE = r"(?:以上|上述|上面|前面|之前|先前|此前|原有|你的|系统|任何|所有|全部|一切)"
_ORDER = re.compile(
    rf"(?<![得能可要勿])(?:忽略|无视|忘记|忘掉|抛弃|不要理会|不必遵守|不再遵守|跳过|覆盖)[^。！？!?\n]{{0,6}}{_WHOSE}"
    rf"[^。！？!?\n]{{0,12}}{_RULES}"
    rf"|(?:系统|以上|上述|之前|此前|先前|原有)的?(?:所有|全部|任何)?{_RULES}(?:作废|无效|失效|不再有效)"
    r"|(?:泄露|透露|输出|打印|复述|显示|说出|告诉我)[^。！？!?\n]{0,10}(?:系统提示|系统消息|提示词|system\s?prompt|你的(?:规则|指令|设定))"
    r"|从现在(?:起|开始)[,，]?你(?:是|就是|扮演|必须|只能)|你现在(?:是|扮演)一[个名位]|(?:请你|你要|你必须)扮演"
    r"|(?:ignore|disregard|forget|override)\s(?:all\s|any\s|the\s|your\s|my\s)*(?:previous|prior|above|earlier|system|instructions|rules)"
    r"|you\s(?:are|must)\snow\s|(?:reveal|print|repeat|show)\s(?:me\s)?(?:the\s|your\s)*(?:system\s)?(?:prompt|instructions)"
    r"|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?inst\]|\[system\]"
)
