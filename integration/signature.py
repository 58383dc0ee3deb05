"""Webhook trust: `X-Signature: t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + raw body)>` (domain 2.1, Delivery).

The signature covers the raw bytes as they came; parsing first and signing the re-encoded body would let an altered
message through whose altered part the parser drops.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

TOLERANCE_S = 300


def sign(secret: str, body: bytes, moment: datetime) -> str:
    """The header value a sender would send at `moment`."""
    stamp = str(int(moment.timestamp()))
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def fault(header: str | None, body: bytes, secrets: Iterable[str], *, now: datetime, tolerance_s: int) -> str:
    """Why a delivery is not to be trusted, in a few words; empty when it is.

    secrets: the current one and, during rotation, the previous one. Several `v1` parts are allowed, one has to fit.
    Comparison takes the same time wherever the digests differ.
    """
    if not header:
        return "the signature header is missing"
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value.lower() for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or not given:
        return "the signature header is not of the form t=<unix>,v1=<hex>"
    stamp = stamps[0]
    expected = [_digest(secret, stamp, body) for secret in secrets]
    fits = [hmac.compare_digest(wanted.encode(), value.encode()) for wanted in expected for value in given]
    if not any(fits):
        return "the signature does not fit the body"
    # The age is judged last: an attacker without the secret learns nothing about our clock.
    if abs(now.timestamp() - int(stamp[:12])) > tolerance_s:
        return f"the signature is older or newer than {tolerance_s} s"
    return ""


def _digest(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
