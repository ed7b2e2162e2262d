"""An S3 server for tests: its process, the settings that reach it, and what is really in its bucket."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3


@dataclass(frozen=True)
class S3:
    """A running server and the keys of the one user who may use its bucket ``wenshu``."""

    process: subprocess.Popen[str]
    endpoint: str
    key_id: str
    secret: str

    def settings(self, url: str = "s3://wenshu", **changed: Any) -> dict[str, Any]:
        """The section ``storage`` that reaches it."""
        return {
            "url": url,
            "endpoint": self.endpoint,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
            "allow_http": True,
            **changed,
        }

    def environment(self, url: str = "s3://wenshu") -> dict[str, str]:
        """The same as variables."""
        return {f"WENSHU_STORAGE_{name.upper()}": str(value) for name, value in self.settings(url).items()}

    def keys(self, prefix: str = "") -> dict[str, int]:
        """Key → size of what another client finds in the bucket."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
        )
        found = client.list_objects_v2(Bucket="wenshu", Prefix=prefix)
        client.close()
        return {item["Key"]: item["Size"] for item in found.get("Contents", [])}


@contextmanager
def s3_server() -> Iterator[S3]:
    """A server for the length of the block."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("s3_process.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    made = json.loads(process.stdout.readline())
    try:
        yield S3(process, f"http://127.0.0.1:{made['port']}", made["id"], made["secret"])
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
