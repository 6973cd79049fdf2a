"""A second reader of the sealed format, written by docs/encryption.md alone and with another library. Needs no server."""

import base64
import json
import sqlite3
import struct
import uuid
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

DATABASES = Path(__file__).parents[2] / "fixtures" / "databases"


def text(value):
    encoded = value.encode()
    return struct.pack(">Q", len(encoded)) + encoded


def opened(key, frame, associated):
    assert frame[0] == 1, "the format"
    return AESGCM(key).decrypt(frame[1:13], frame[13:], associated)


def master_keys():
    lines = (DATABASES / "master.keys").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line and not line.startswith("#"))
    return {name: base64.b64decode(key) for name, key in pairs}


def values(rows):
    """The data of each secret, by its number."""
    masters, keys = master_keys(), {}
    for name, master, wrapped in rows.execute("SELECT id, master_key, wrapped FROM keys"):
        associated = b"sae-secret database key 1" + text(name) + text(master)
        keys[name] = opened(masters[master], wrapped, associated)
    found = {}
    secrets = rows.execute(
        "SELECT id, uid, namespace_id, name, secret_type, version, key_id, data_key, payload FROM secrets"
    )
    for number, uid, namespace, name, kind, version, key, data_key, payload in secrets:
        uid = uuid.UUID(uid).bytes
        derivation = HKDFExpand(hashes.SHA256(), 32, b"sae-secret wrapping key 1" + uid)
        place = uid + struct.pack(">qq", number, version) + text(namespace) + text(name) + text(kind)
        data_key = opened(derivation.derive(keys[key]), data_key, b"sae-secret data key 1" + place)
        found[number] = json.loads(opened(data_key, payload, b"sae-secret value 1"))
    return found


def test_every_value_is_read_by_the_document():
    rows = sqlite3.connect(f"file:{DATABASES / 'sealed.db'}?mode=ro&immutable=1", uri=True)
    expected = json.loads((DATABASES / "expected.json").read_text())
    assert len(expected) == 5
    wanted = {secret["SecretId"]: [list(pair) for pair in secret["SecretData"].items()] for secret in expected}
    assert values(rows) == wanted


def test_another_place_is_noticed():
    rows = sqlite3.connect(":memory:")
    sqlite3.connect(f"file:{DATABASES / 'sealed.db'}?mode=ro&immutable=1", uri=True).backup(rows)
    rows.execute("UPDATE secrets SET version = 2 WHERE id = 1")
    with pytest.raises(InvalidTag):
        values(rows)
