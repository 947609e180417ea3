# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorization grants (RFC 6749, section 1.3): what a token is requested with, and whose token it is."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Grant:
    """The base of all grants. Two grants with equal :attr:`cache_key` get the same token.

    A subclass adds the fields that its request takes. ``kind`` is part of the cache key, so that it must not change.
    """

    kind: t.ClassVar[str]

    @property
    def principal(self) -> str:
        """Whose token it is: a client, a user; shown to users."""
        raise NotImplementedError

    @property
    def secret(self) -> str:
        """What authenticates the principal. A changed password or secret needs a token of its own."""
        raise NotImplementedError

    @property
    def scope(self) -> str:
        """What the token is limited to."""
        return ""

    @property
    def cache_key(self) -> tuple[str, str, str, str]:
        """What tells this grant's token from others of the same installation."""
        return (self.kind, self.principal, self.scope, self.secret)

    @property
    def login_key(self) -> tuple[str, str, str]:
        """What all tokens of one login have in common, whatever their scope."""
        return (self.kind, self.principal, self.secret)


@dataclasses.dataclass(frozen=True)
class SuppliedToken(Grant):
    """A token that the user supplies in place of credentials: there is nothing to log in with."""

    access_token: str
    kind = "given"
    principal = ""

    @property
    def secret(self) -> str:
        return self.access_token


@dataclasses.dataclass(frozen=True)
class ClientCredentials(Grant):
    """A client's own token (RFC 6749, section 4.4)."""

    client_id: str
    client_secret: str
    kind = "client_credentials"

    @property
    def principal(self) -> str:
        return self.client_id

    @property
    def secret(self) -> str:
        return self.client_secret

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "client_credentials"}


@dataclasses.dataclass(frozen=True)
class PasswordCredentials(Grant):
    """A user's token by name and password (RFC 6749, section 4.3)."""

    username: str
    password: str
    kind = "password"

    @property
    def principal(self) -> str:
        return self.username

    @property
    def secret(self) -> str:
        return self.password

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "password", "username": self.username, "password": self.password}


@dataclasses.dataclass(frozen=True)
class AuthorizationCode(Grant):
    """A user's token by a code that they were redirected with (RFC 6749, section 4.1.3). A code can be used once."""

    client_id: str
    client_secret: str
    code: str
    redirect_uri: str
    kind = "authorization_code"

    @property
    def principal(self) -> str:
        return self.client_id

    @property
    def secret(self) -> str:
        return f"{self.client_secret}\n{self.code}"

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "authorization_code", "code": self.code, "redirect_uri": self.redirect_uri}


def refresh_form(refresh_token: str) -> dict[str, str]:
    """The form that exchanges a refresh token (RFC 6749, section 6)."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}
