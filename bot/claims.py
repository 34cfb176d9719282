"""Who works on a row: a claim names its process, so that the claims of a killed one are taken over at once."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime

ME = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def claimant() -> str:
    """This process, as written into the rows that it works on."""
    return ME if ME.split(":")[1] == str(os.getpid()) else f"{socket.gethostname()}:{os.getpid()}:forked"


def is_free(claimed_by: str, claimed_until: datetime | None, now: datetime) -> bool:
    """Whether a claim has lapsed: its lease is over, or its process is known to be gone from this machine."""
    return claimed_until is None or claimed_until <= now or _is_gone(claimed_by)


def _is_gone(claimed_by: str) -> bool:
    host, _, rest = claimed_by.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return claimed_by != claimant()  # an earlier life under the same number, as in a container
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
