import json

import pytest

from wenshu.core.auth.keys import NewKey
from wenshu.server.redaction import redacted

KEY = NewKey("8940576b84d3", "3wPLMIQErtkXQsm0aesHa01julRExFE_Xg-UcA-7KL0")
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJlLXdpdGgtXy0t"


@pytest.mark.parametrize(
    ("line", "secret", "kept"),
    [
        (f"key {KEY.text} used", KEY.secret, KEY.prefix),
        (f"key {KEY.text}", KEY.text, "wsk_"),
        ("wsr_abc-DEF_123 came twice", "abc-DEF_123", "came twice"),
        ('{"credential": "wsl_abcdef"}', "abcdef", "credential"),
        (f"token {JWT}!", "eyJzdWIi", "token"),
        (f"Authorization: Bearer {JWT}", "c2ln", "Authorization"),
        ("authorization: bearer abcdefgh12345678", "abcdefgh", "authorization"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw", "Authorization"),
        ('"path":"/x?access_token=abc.def&tenantId=t"', "abc.def", "tenantId=t"),
        ("GET /files/a/b?expires=1&signature=0a1b2c", "0a1b2c", "expires=1"),
        ('{"username": "u", "password": "p-w-d"}', "p-w-d", "username"),
        (json.dumps({"body": json.dumps({"new_password": "p-w-d"})}), "p-w-d", "new_password"),
        ("refresh_token='abc'", "abc", "refresh_token"),
        ("client_secret=s3cr3t;", "s3cr3t", "client_secret"),
        ("connect to postgresql://wenshu:p-w-d@db.example/w failed", "p-w-d", "db.example/w failed"),
        ('"url":"amqp://u:p@p-w-d@host:1/x"', "p-w-d", "host:1/x"),
        ("api-key: k123456", "k123456", "api-key"),
    ],
)
def test_a_secret_is_masked_and_the_rest_stands(line, secret, kept):
    said = redacted(line)
    assert secret not in said
    assert "***" in said
    assert kept in said


@pytest.mark.parametrize(
    "line",
    [
        '{"event":"request","method":"GET","path":"/chat_service/sessions","status":200,"ms":1.2}',
        '{"event":"audit","action":"key.create","hash":"0a1b"}',
        "tokens 关键字 keyboard, the basic rules, a bearer of news",
        '{"event":"password changed"}',
        "GET http://127.0.0.1:8000/users/me@example.com and https://example.com/@x",
    ],
)
def test_what_is_no_secret_stands(line):
    assert redacted(line) == line


def test_a_masked_line_stays_json():
    line = json.dumps({"path": f"/x?access_token={JWT}", "body": '{"password":"a\\"b"}', "n": [KEY.text]})
    assert set(json.loads(redacted(line))) == {"path", "body", "n"}
