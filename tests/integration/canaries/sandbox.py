# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox, with a mark in every secret that it issues, so that each of them can be searched for: client secrets, tokens and the claims of JWTs."""

from __future__ import annotations

import os
import pathlib
import runpy
import secrets
import sys
import typing as t

import jwt

MARK = os.environ["MEDIAOPS_CANARY_MARK"]
ROOT = pathlib.Path(__file__).resolve().parents[3]

_urlsafe, _encode = secrets.token_urlsafe, jwt.encode


def marked(length: int | None = None) -> str:
    return f"{MARK}-{_urlsafe(length)}"


def encode(claims: dict[str, t.Any], *arguments: t.Any, **options: t.Any) -> str:
    return _encode({"canary": marked(9), **claims}, *arguments, **options)


if __name__ == "__main__":
    secrets.token_urlsafe, jwt.encode = marked, encode
    sys.argv[0] = str(ROOT / "extensions" / "sandbox")
    runpy.run_path(sys.argv[0], run_name="__main__")
