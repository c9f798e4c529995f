"""Assertions as the gateway signs them, and wrong ones; signed by openssl with the keys of the stack under test."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
import uuid
from pathlib import Path

# What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410).
PREFIX = bytes.fromhex("302e020100300506032b657004220420")
SECOND = 1_000_000


class Signer:
    """One Ed25519 key."""

    def __init__(self, folder: Path, private: bytes, public: bytes):
        self.id = hashlib.sha256(public).hexdigest()[:32]
        self.file = folder / f"{self.id}.der"
        self.file.write_bytes(PREFIX + private)
        self.message = folder / f"{self.id}.message"

    @staticmethod
    def of_stack(run_dir: Path, folder: Path) -> "Signer":
        keys = run_dir / "keys"
        read = lambda name: bytes.fromhex((keys / name).read_text().strip())
        return Signer(folder, read("assertion.private"), read("assertion.public"))

    @staticmethod
    def stranger(folder: Path, claims_id: str) -> "Signer":
        """A key that nobody here knows, under the name of one that everybody knows."""
        signer = Signer(folder, hashlib.sha256(b"a stranger").digest(), b"a stranger")
        signer.id = claims_id
        return signer

    def sign(self, payload: dict) -> str:
        first = encode(json.dumps({"kid": self.id, **payload}, separators=(",", ":")).encode())
        self.message.write_bytes(first.encode())
        signature = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", self.file, "-in", self.message],
            check=True, capture_output=True).stdout
        return f"{first}.{encode(signature)}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def payload(organization: str, audience: list[str], role: str = "owner", lifetime: int = 30, age: int = 0, **extra) -> dict:
    """What the gateway would say of a member of this organization."""
    issued = int(time.time()) * SECOND - age * SECOND
    return {"iss": "gateway", "aud": audience, "sub": str(uuid.uuid4()), "org": organization, "kind": "member", "role": role,
            "tz": "UTC", "cur": "USD", "mver": 1, "iat": issued, "exp": issued + lifetime * SECOND, **extra}
