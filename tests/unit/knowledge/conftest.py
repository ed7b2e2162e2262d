import pytest

from wenshu.knowledge.passage import Kind, Passage


class Shelf:
    """Makes passages as retrieval returns them; offsets begin at ``start``."""

    def passage(
        self, text: str, title: str = "", *, key: str = "", kind: Kind = "doc", heading: str = "", start: int = 0
    ) -> Passage:
        return Passage(
            key=key or f"{kind}:{title}:{start}",
            kind=kind,
            name=title,
            url="",
            title=title,
            heading=heading,
            text=text,
            start=start,
            end=start + len(text),
            ordinal=0,
            score=0.6,
        )

    def company(self) -> list[Passage]:
        return [
            self.passage(
                "年假规定：入职满一年不满十年的员工，每年享有5天带薪年假；满十年不满二十年的，10天。"
                "年假须提前三个工作日向直属主管申请。当年未休完的年假可顺延至次年3月31日。",
                "员工手册",
                heading="假期管理 / 年假",
                start=300,
            ),
            self.passage(
                "产品名称：云图X3智能摄像机\n型号：YT-X3\n保修期：24个月\n建议零售价：1,299元\n电池容量：5200mAh\n",
                "云图X3产品说明书",
            ),
            self.passage(
                "福建文枢科技有限公司成立于2016年5月，总部位于福州市鼓楼区软件大道89号。公司创始人、首席执行官为林国栋。"
                "公司主要产品包括云图系列智能摄像机、云盾安防平台和云端存储服务。"
                "2024年公司营业收入为3.2亿元，同比增长18%。",
                "公司简介",
            ),
            self.passage(
                "| 城市 | 门店数 | 负责人 |\n|---|---|---|\n| 福州 | 12 | 陈晓 |\n| 厦门 | 8 | 王敏 |\n",
                "门店一览",
            ),
            self.passage(
                "The warranty period of the X3 camera is 24 months. Customers may return goods within 30 days.",
                "X3 Manual",
            ),
            self.passage("请在工作日9:00-18:00拨打400-888-1234。", "如何联系客服？", kind="qa", key="qa:7"),
        ]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def library(shelf: Shelf) -> list[Passage]:
    return shelf.company()
