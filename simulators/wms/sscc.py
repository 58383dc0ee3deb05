"""Serial shipping container codes (GS1): extension digit, company prefix, serial, check digit."""

from __future__ import annotations

EXTENSION_AND_PREFIX = "34012345"
SERIAL_DIGITS = 9


def check_digit(body: str) -> int:
    """The GS1 check digit of a number without it: weights 3, 1, 3, … from the right. `34012345000000001` gives 7."""
    weighted = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body)))
    return -weighted % 10


def sscc(serial: int) -> str:
    """The 18 digits of the carton with this serial: 1 gives `340123450000000017`, the carton of domain 2.7.

    Serials start again after a thousand million cartons, as GS1 allows once the old ones are out of use.
    """
    body = f"{EXTENSION_AND_PREFIX}{serial % 10**SERIAL_DIGITS:0{SERIAL_DIGITS}}"
    return f"{body}{check_digit(body)}"
