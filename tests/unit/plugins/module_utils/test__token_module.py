# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all *_token modules do, with a platform that only counts; test__token.py has the rules by which tokens are kept."""

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils import _access
from ansible_collections.mediaops.access.plugins.module_utils._module import Module
from ansible_collections.mediaops.access.plugins.module_utils._provider import Provider
from ansible_collections.mediaops.access.plugins.module_utils._token import Grant, Token
from ansible_collections.mediaops.access.plugins.module_utils._token_module import OPTIONS, VERIFY, run_token


@pytest.fixture
def platform(clock, monkeypatch):
    """A platform that numbers its tokens, and keeps a list of what it was asked."""
    monkeypatch.setattr(_access, "Clock", lambda: clock)

    class Acme(Provider):
        name = "acme"
        title = "Acme"
        options = {"url": {"default": "https://acme.example.com"}, "user": {}}
        accepts = True
        asked: list[str] = []

        def grant(self):
            return Grant("password", self.require("user"), "hush")

        def obtain(self, grant):
            self.asked.append("obtain")
            number = self.asked.count("obtain")
            return Token(f"hush-{number}", expires_at=self.clock.now() + 3600, details={"number": number})

        def revoke(self, token):
            self.asked.append(f"revoke {token.access_token}")

        def still_accepts(self, token):
            self.asked.append(f"verify {token.access_token}")
            return self.accepts

    return Acme


@pytest.fixture
def run(platform, tmp_path):
    """Runs the module; returns whether it changed something, the token and what the platform was asked."""
    module = Module(platform, run_token, {**OPTIONS, **VERIFY})

    def run_module(check_mode=False, **options):
        platform.asked.clear() if not platform.asked else platform.asked.__setitem__(slice(None), [item for item in platform.asked if item == "obtain"])
        known = len(platform.asked)
        result = module.run({"user": "me", **options}, name="acme_token", check_mode=check_mode, ansible_home=str(tmp_path))
        return result, platform.asked[known:]

    return run_module
