"""Papers by how their names end: 设备采购合同, 在职证明, 账户变更申请书, 《…》."""

import re

from wenshu.zh.recognise.found import Found

_ENDING = "合同书?|协议书?|证明书?|申请书|申请表|报告书?|授权书|承诺书|委托书|说明书|通知书|标书|投标文件|报价单|确认函|邀请函|介绍信|函|营业执照复印件|收据|清单|材料|文件"
_PAPER = re.compile(
    rf"[\u4e00-\u9fffa-z0-9()]{{2,18}}?(?P<ending>{_ENDING})(?![章号编名金额书审\u4e00-\u9fff]?(?:编号|名称|金额|号|章|审批|专用))"
)
_QUOTED = re.compile(r"《([^》\n]{1,60})》")
_LEAD = re.compile(
    r".*(?:[是为把给份在盖批签审要用的个将跟和与、送]|申请|关于|这份|一份|两份|那个|文件名称?|需要|还有|公司)(?=[\u4e00-\u9fffa-z0-9])"
)


def papers(folded: str) -> list[Found]:
    """Every paper's name; what stands in 《》 wholly."""
    found = [Found(match.start(1), match.end(1), "paper", match[1]) for match in _QUOTED.finditer(folded)]
    quoted = {position for one in found for position in range(one.start, one.end)}
    for match in _PAPER.finditer(folded):
        lead = _LEAD.match(folded[match.start() : match.start("ending")])
        start = match.start() + (0 if lead is None else lead.end())
        if match.end() - start >= 3 and start not in quoted and start < match.start("ending"):
            found.append(Found(start, match.end(), "paper", folded[start : match.end()], bare=True))
    return sorted(found)
