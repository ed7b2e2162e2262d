"""Companies and departments by how their names end."""

import re

from wenshu.zh.recognise.found import Found

_ENDING = "股份有限公司|有限责任公司|有限公司|分公司|公司|集团|事务所|研究院|设计院|实验室|工作室|合作社|经营部|商行|五金店|五金|超市|银行|医院|大学|学院|学校|大厦|管委会|税务局|工商局|工厂|加工厂|印刷厂|[\u4e00-\u9fff]局|[\u4e00-\u9fff]院"
_BODY = r"[\u4e00-\u9fffa-z0-9()·&]"
_COMPANY = re.compile(rf"{_BODY}{{1,24}}?(?P<ending>{_ENDING})(?![\u4e00-\u9fff]*(?:有限公司))")
_LEAD = re.compile(
    r".*(?:甲方|乙方|丙方|供应商|单位|公司名称|厂家|[是为给跟和与由找从向到在让去把叫对请]|来自|客户|提交|盖|送到|送去|送|报送|提供|方|来访|一家|那家|这家|我们|咱们|你们|签|的|了|说|个|有|用|拿|:|：)(?=[\u4e00-\u9fffa-z0-9])"
)
_DEPARTMENT = re.compile(
    r"[\u4e00-\u9fffa-z]{1,8}?(?:部门?|中心|[科处室组](?![\u4e00-\u9fff]?[长员学技理])|事业部)(?![分署位件队])"
)
_OURS = re.compile(
    r"^(?:我|咱|你|他|她|贵|本|该|这|那|全|总|分|子|某|上市|新|大|小|各)?(?:们|家)?(?:公司|集团|银行|医院|大学|学院|学校|超市|局|院)$"
)


def companies(folded: str) -> list[Found]:
    """Every company by its ending; ``vague`` for 我们公司 and the like."""
    found: list[Found] = []
    for match in _COMPANY.finditer(folded):
        start = match.start() + _cut(folded[match.start() : match.start("ending")])
        name = folded[start : match.end()]
        doubt = "vague" if _OURS.match(name) else ""
        if len(name) >= 3:
            found.append(Found(start, match.end(), "company", name, doubt=doubt))
    return found


def departments(folded: str) -> list[Found]:
    """Every department by its ending."""
    found: list[Found] = []
    for match in _DEPARTMENT.finditer(folded):
        start = match.start() + _cut(match.group()[:-1])
        name = folded[start : match.end()]
        if len(name) > 2 or name.endswith("部"):
            found.append(Found(start, match.end(), "department", name))
    return found


def _cut(text: str) -> int:
    """How many characters before the name only lead to it."""
    lead = _LEAD.match(text)
    return 0 if lead is None else lead.end()
