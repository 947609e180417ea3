# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a token is asked for."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Grant:
    """An authorization grant (RFC 6749, section 1.3): what a token is asked for with, and whose it will be.

    ``flow`` names the kind, ``principal`` whose token it is, ``secret`` what proves that. Two grants that are equal in
    all but ``details`` get the same token.
    """

    flow: str
    principal: str
    secret: str
    scope: str = ""
    #: What the request needs besides, and does not make it another token.
    details: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, compare=False)

    @classmethod
    def given(cls, access_token: str) -> Grant:
        """The grant of a user who brings a token along: there is nothing to log in with."""
        return cls("given", "", access_token)

    @property
    def is_given(self) -> bool:
        return self.flow == "given"
