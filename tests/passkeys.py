"""A passkey without a device: what a browser would send, signed by a key of its own."""

import hashlib
import json
import secrets
import struct

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

_PRESENT, _ATTESTED = 0x01, 0x40


class Passkey:
    def __init__(self, origin="http://localhost"):
        self.origin = origin
        self.id = secrets.token_bytes(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options):
        """Answer the options of a page that sets it up."""
        host = hashlib.sha256(options["rp"]["id"].encode()).digest()
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self._public()
        data = host + struct.pack(">BI", _PRESENT | _ATTESTED, 0) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", options)
        return self._answer(attestationObject=attestation, clientDataJSON=said)

    def get(self, options):
        """Answer the options of a page that asks for it, whether or not for this one."""
        host = hashlib.sha256(options["rpId"].encode()).digest()
        data = host + struct.pack(">BI", _PRESENT, 0)
        said = self._said("webauthn.get", options)
        signed = self._key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(authenticatorData=data, clientDataJSON=said, signature=signed)

    def _public(self):
        numbers = self._key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return cbor2.dumps({1: 2, 3: -7, -1: 1, **point})

    def _said(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, **parts):
        response = {name: bytes_to_base64url(part) for name, part in parts.items()}
        own = bytes_to_base64url(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})
