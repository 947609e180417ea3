# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognizes the names of credentials."""

from __future__ import annotations

import functools
import re

#: The endings of names of credentials.
WORDS = (
    *(
        "secret",
        "token",
        "passwd",
        "password",
        "passwort",
        "kennwort",
        "pwd",
        "passphrase",
        "passcode",
        "authorization",
        "credential",
        "jwt",
        "cookie",
    ),
    *("bearer", "otp", "csrf", "xsrf", "signature", "assertion", "hdnts", "hdnea"),
    *(
        f"{first}{dash}{last}"
        for dash in ("", "_", "-")
        for first, last in (("session", "id"), ("sess", "id"), ("secret", "id"), ("code", "verifier"))
    ),
    *(f"connection{dash}string" for dash in ("", "_", "-")),
    *("pass", "pw", "sig", "key"),
)
#: Some endings count only as a separate word, or after a certain word.
BEFORE = {
    "pass": r"(?<![a-z0-9_-])",
    "pw": r"(?<![a-z])",
    "sig": r"(?<![a-z])",
    "key": (
        r"(?:secret|private|api|access|auth|registration|sign(?:ing)?|encryption|shared|master|session|subscription"
        r"|functions?)[_-]?"
    ),
}
#: Suffixes that may follow.
ADDED = r"s?(?:[_-]?(?:value|hash|salt|plain(?:text)?|confirm(?:ation)?|repeat|\d{1,4})){0,2}"

#: Keys under which platforms and this collection return credentials.
SECRET_KEY = re.compile(rf"(?:{'|'.join(BEFORE.get(word, '') + word for word in WORDS)}){ADDED}$", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a key names a credential."""
    return bool(SECRET_KEY.search(name))
