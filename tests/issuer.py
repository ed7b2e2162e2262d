"""An outside issuer for tests: a real process on this machine."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx


class IssuerProcess:
    """Start it with ``start``; ``token`` gives a sound token of tenant ``acme`` but for the named claims."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> "IssuerProcess":
        """Wait until it answers."""
        script = Path(__file__).with_name("issuer_process.py")
        self._process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        return self

    def close(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.communicate()
        self._process = None

    def token(self, algorithm: str = "RS256", kid: str = "", key: str = "", **changes: Any) -> str:
        """A token; a claim that is None is left out."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.url, "aud": "wenshu", "sub": "zhang", "iat": now, "exp": now + 300}
        claims |= {"tenant_id": "acme", "roles": ["member"], **changes}
        sound = {name: value for name, value in claims.items() if value is not None}
        body = {"claims": sound, "algorithm": algorithm, "kid": kid, "key": key}
        return self.post("/token", body)["token"]

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Tell it something."""
        return httpx.post(f"{self.url}{path}", json=body or {}).json()

    def asked(self) -> int:
        """How often its keys were read."""
        return httpx.get(f"{self.url}/asked").json().get("/keys", 0)
