"""Entra's sign-in for an application, for the stand-in of `fake_graph`: by secret or by certificate."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.x509 import load_pem_x509_certificate

TENANT = "5f0c9d3e-0000-4000-8000-000000000001"
CLIENT_ID = "5f0c9d3e-0000-4000-8000-000000000002"
SECRET = "an-invented-client-secret"  # not one anywhere


@dataclass
class FakeSignIn:
    """Who may sign in, and the tokens given out. `url` is that of the whole stand-in."""

    url: str = ""
    certificate_pem: str = ""
    tokens: set[str] = field(default_factory=set)

    @property
    def authority(self) -> str:
        return f"{self.url}{TENANT}"

    def discovery(self) -> dict[str, str]:
        return {
            "issuer": f"{self.authority}/v2.0",
            "authorization_endpoint": f"{self.authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{self.authority}/oauth2/v2.0/token",
        }

    def token(self, form: dict[str, str]) -> tuple[int, object]:
        right = form.get("client_secret") == SECRET or self._proves_itself(form.get("client_assertion", ""))
        if form.get("client_id") != CLIENT_ID or form.get("grant_type") != "client_credentials" or not right:
            words = "AADSTS7000215: Invalid client secret provided. Ensure the secret is the secret's value."
            return 401, {
                "error": "invalid_client",
                "error_description": f"{words}\r\nTrace ID: 0",
                "error_codes": [7000215],
            }
        if form.get("scope", "").split()[0] != f"{self.url}.default":
            return 400, {"error": "invalid_scope", "error_description": "AADSTS70011: The scope is not valid."}
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return 200, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}

    def _proves_itself(self, assertion: str) -> bool:
        """A certificate credential: a token signed with its key, for this very endpoint."""
        if not assertion:
            return False
        key: Any = load_pem_x509_certificate(self.certificate_pem.encode()).public_key()
        audience = f"{self.authority}/oauth2/v2.0/token"
        claims = jwt.decode(assertion, key, algorithms=["PS256", "RS256"], audience=audience)
        return bool(claims["iss"] == CLIENT_ID)
