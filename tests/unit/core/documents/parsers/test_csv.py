import pytest

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import csv


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_the_separator_is_the_one_in_use(mark: str) -> None:
    data = f'姓名{mark}备注\n张三{mark}"一{mark}二\n三|"\n李四{mark}, ok\n'.encode("gbk")
    quoted = " ".join(f"一{mark}二 三".split())
    assert csv.parse(data, Limits()).text == (
        f"| 姓名 | 备注 |\n| --- | --- |\n| 张三 | {quoted}\\| |\n| 李四 | , ok |"
        if mark != ","
        else f"| 姓名 | 备注 | |\n| --- | --- | --- |\n| 张三 | {quoted}\\| | |\n| 李四 | | ok |"
    )
    assert csv.rows(data, Limits())[1] == ["张三", f"一{mark}二\n三|"]


def test_blank_rows_keep_their_numbers_in_rows_only() -> None:
    data = "问题,答案\n\n甲,乙\n".encode()
    assert csv.rows(data, Limits()) == [["问题", "答案"], [], ["甲", "乙"]]
    assert csv.parse(data, Limits()).text == "| 问题 | 答案 |\n| --- | --- |\n| 甲 | 乙 |"
