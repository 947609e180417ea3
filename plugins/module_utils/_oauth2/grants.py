# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorization grants (RFC 6749, section 1.3): the credentials for requesting a token, and the token's principal."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Grant:
    """The base of all grants. Two grants with equal :attr:`cache_key` share a token.

    A subclass adds the fields of its request. ``kind`` is part of the cache key and must not change.
    """

    kind: t.ClassVar[str]

    @property
    def principal(self) -> str:
        """The client or user that the token is issued to, as displayed to users."""
        raise NotImplementedError

    @property
    def secret(self) -> str:
        """The secret that authenticates the principal. It is part of the cache key, so a wrong password never gets a
        cached token.
        """
        raise NotImplementedError

    @property
    def scope(self) -> str:
        """The scope of the token."""
        return ""

    @property
    def cache_key(self) -> tuple[str, str, str, str]:
        """Distinguishes this grant's token from others of the same installation."""
        return (self.kind, self.principal, self.scope, self.secret)

    @property
    def login_key(self) -> tuple[str, str, str]:
        """The same for all tokens from one login, whatever their scope."""
        return (self.kind, self.principal, self.secret)


@dataclasses.dataclass(frozen=True)
class SuppliedToken(Grant):
    """A token that the user supplies instead of credentials. It cannot be renewed."""

    access_token: str
    kind = "given"
    principal = ""

    @property
    def secret(self) -> str:
        return self.access_token


@dataclasses.dataclass(frozen=True)
class ClientCredentials(Grant):
    """A client's own credentials (RFC 6749, section 4.4)."""

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
    """A user's name and password (RFC 6749, section 4.3)."""

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
    """The code from an authorization redirect (RFC 6749, section 4.1.3). A code can be used only once."""

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
    """The form of a refresh request (RFC 6749, section 6)."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}
