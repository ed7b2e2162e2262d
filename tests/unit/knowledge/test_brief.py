import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.brief import read_brief


@pytest.mark.parametrize(
    ("request_", "subject", "seconds", "count", "audience", "platform"),
    [
        ("写一条林知汀讲800台水表召回的短视频脚本，60秒", "林知汀讲800台水表召回", 60, None, "", ""),
        ("LX-U20超声波水表产品介绍口播脚本，3分钟", "LX-U20超声波水表", 180, None, "", ""),
        ("来一条一分半的企业宣传片脚本，讲福清基地投产", "福清基地投产", 90, None, "", ""),
        ("1分30秒左右的视频，介绍澜序云", "澜序云", 90, None, "", ""),
        ("拍个半分钟的短视频讲E04怎么处理", "E04怎么处理", 30, None, "", ""),
        ("生成一个60s的抖音脚本：冬天水表怎么防冻", "冬天水表怎么防冻", 60, None, "", "抖音"),
        ("2-3分钟的公司介绍", "公司介绍", 180, None, "", ""),
        ("关于安装冲洗不少于3分钟的规定，写一个科普脚本", "安装冲洗不少于3分钟的规定", None, None, "", ""),
        ("智慧供水方案给水务公司老板看的选题", "智慧供水方案", None, None, "水务公司老板", ""),
        ("写三个面向经销商的选题，主题是返点政策", "返点政策", None, 3, "经销商", ""),
        ("给新款摄像机出5个抖音爆款选题", "新款摄像机", None, 5, "", "抖音"),
        ("小红书笔记：老小区换水表", "老小区换水表", None, None, "", "小红书"),
        ("做一个1秒的视频讲水表", "水表", 10, None, "", ""),
        ("做一个90分钟的视频讲水表", "水表", 900, None, "", ""),
        ("出20个关于水表的选题", "水表", None, 8, "", ""),
    ],
)
def test_reads_what_a_request_asks_for(
    request_: str, subject: str, seconds: int | None, count: int | None, audience: str, platform: str
) -> None:
    brief = read_brief(request_)
    assert (brief.subject, brief.seconds, brief.count) == (subject, seconds, count)
    assert (brief.audience, brief.platform) == (audience, platform)


def test_a_long_subject_has_a_short_form() -> None:
    assert read_brief("围绕林知汀的父亲抄表31年的故事，出几个选题").short == "父亲抄表31年的故事"
    assert read_brief("云图X3智能摄像机安装步骤的说明").short == "云图X3智能摄像机安装步骤的说明"


@given(st.text(max_size=400))
def test_any_request_is_read(text: str) -> None:
    brief = read_brief(text)
    assert len(brief.subject) <= 40
    assert brief.seconds is None or 10 <= brief.seconds <= 900
    assert brief.count is None or 1 <= brief.count <= 8
