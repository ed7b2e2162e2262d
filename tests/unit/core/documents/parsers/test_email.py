import pytest

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import email
from wenshu.kit.errors import ParseFailed

_MAIL = (
    "Subject: =?gb2312?B?xOq2yLGouOY=?=\nFrom: =?utf-8?q?=E5=BC=A0=E4=B8=89?= <a@example.com>\nTo: b@example.com\n"
    "Date: Mon, 1 Jan 2024 00:00:00 +0800\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\n"
    "Content-Type: multipart/alternative; boundary=C\n\n--C\nContent-Type: text/html; charset=utf-8\n\n<p>网页</p>\n"
    "--C\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\n1f3OxKGj\n--C--\n--B\n"
    "Content-Disposition: attachment; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf\nContent-Type: application/pdf\n\n"
    "x\n--B--\n"
)


def test_mail_headers_plain_body_and_attachments() -> None:
    parsed = email.parse(_MAIL.encode(), Limits())
    assert parsed.title == "年度报告"
    assert parsed.text == (
        "主题：年度报告\n发件人：张三 <a@example.com>\n收件人：b@example.com\n日期：Mon, 1 Jan 2024 00:00:00 +0800\n\n"
        "正文。\n\n附件：合同.pdf"
    )


def test_mail_with_raw_chinese_headers_and_html_only() -> None:
    data = "Subject: 你好\nContent-Type: text/html; charset=gbk\n\n<h1>标题</h1>正文".encode("gbk")
    assert email.parse(data, Limits()).text == "主题：你好\n\n# 标题\n\n正文"


def test_mail_of_too_many_parts_is_refused() -> None:
    data = b"Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n" + b"--B\n\na\n" * 1_001
    with pytest.raises(ParseFailed) as failed:
        email.parse(data, Limits())
    assert failed.value.reason == "too_large"
