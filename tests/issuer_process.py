"""An OpenID Connect issuer in a process of its own: discovery, keys, and tokens for whatever claims it is told.

Prints its address, and serves until its input ends. ``POST /token`` takes ``{"claims", "algorithm"?, "kid"?, "key"?}``;
``POST /rotate`` makes new keys, ``POST /away`` answers nothing but 503 from then on, ``POST /back`` ends that.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm


class Keys:
    """A key of each kind, by algorithm, and the published set."""

    def __init__(self) -> None:
        self.private: dict[str, Any] = {
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": Ed25519PrivateKey.generate(),
        }
        self.kids = {algorithm: uuid4().hex for algorithm in self.private}

    def published(self) -> list[dict[str, Any]]:
        """JSON Web Keys, with some that are not for checking tokens."""
        forms = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
        keys = []
        for algorithm, private in self.private.items():
            jwk = json.loads(forms[algorithm].to_jwk(private.public_key()))
            keys.append({**jwk, "kid": self.kids[algorithm], "alg": algorithm, "use": "sig"})
        encrypting = {**keys[0], "kid": "encrypting", "use": "enc"}
        symmetric = {
            "kty": "oct",
            "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA",
            "kid": "symmetric",
            "alg": "HS256",
        }
        return [*keys, encrypting, symmetric, {"kty": "RSA", "kid": "broken", "n": "x", "e": "y"}, "nonsense"]


class Handler(BaseHTTPRequestHandler):
    """Answers for the one issuer."""

    keys = Keys()
    away = False
    address = ""
    asked: dict[str, int] = {}  # noqa: RUF012 (one issuer a process)

    def do_GET(self) -> None:
        """Discovery and keys."""
        type(self).asked[self.path] = self.asked.get(self.path, 0) + 1
        if self.path == "/asked":
            self._answer(self.asked)
        elif self.away:
            self._answer({}, 503)
        elif self.path == "/.well-known/openid-configuration":
            self._answer({"issuer": self.address, "jwks_uri": f"{self.address}/keys"})
        elif self.path == "/keys":
            self._answer({"keys": self.keys.published()})
        else:
            self._answer({}, 404)

    def do_POST(self) -> None:
        """Tokens, and what the issuer is to do next."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/token":
            self._answer({"token": self._token(**body)})
            return
        if self.path == "/rotate":
            type(self).keys = Keys()
        else:
            type(self).away = self.path == "/away"
        self._answer({})

    def _token(self, claims: dict[str, Any], algorithm: str = "RS256", kid: str = "", key: str = "") -> str:
        private = key or self.keys.private[algorithm]
        return jwt.encode(
            claims, private, algorithm=algorithm, headers={"kid": kid or self.keys.kids.get(algorithm, "")}
        )

    def _answer(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(Handler.address, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
