# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorization grants (RFC 6749, section 1.3): the credentials for requesting a token, and the token's principal."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .client_auth import Client

#: A value of a token request; only text unless the request is JSON.
Value = t.Union[str, bool, int, float]
#: A parameter of a token request; several values repeat the parameter.
Parameter = t.Tuple[str, t.Union[Value, t.Tuple[Value, ...]]]


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
    def form(self) -> dict[str, str]:
        """The parameters of the token request."""
        raise NotImplementedError

    @property
    def reusable(self) -> bool:
        """Whether it obtains any number of tokens. Otherwise, later tokens come from the refresh token."""
        return not self.one_use

    @property
    def one_use(self) -> tuple[str, ...]:
        """Identifies a credential that the platform accepts only once: its client, if that matters, its kind and its
        value. Empty for other grants (see :mod:`.one_use`).
        """
        return ()

    @property
    def repeatable(self) -> bool:
        """Whether its request may be sent again if there was no response."""
        return True

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
    """The code from an authorization redirect (RFC 6749, section 4.1.3). A code can be used only once.

    ``redirect_uri`` and ``code_verifier`` (RFC 7636) must be those of the authorization request, if it had any.
    """

    client_id: str
    client_secret: str
    code: str
    redirect_uri: str = ""
    code_verifier: str = ""
    kind = "authorization_code"

    @property
    def principal(self) -> str:
        return self.client_id

    @property
    def secret(self) -> str:
        return f"{self.client_secret}\n{self.code}"

    @property
    def one_use(self) -> tuple[str, ...]:
        return (self.client_id, self.kind, self.code)

    @property
    def repeatable(self) -> bool:
        return False

    @property
    def form(self) -> dict[str, str]:
        optional = {"redirect_uri": self.redirect_uri, "code_verifier": self.code_verifier}
        return {
            "grant_type": "authorization_code",
            "code": self.code,
            **{name: value for name, value in optional.items() if value},
        }


@dataclasses.dataclass(frozen=True)
class RefreshToken(Grant):
    """A refresh token that was obtained elsewhere (RFC 6749, section 6). The platform may replace it at each use."""

    refresh_token: str
    kind = "refresh_token"
    principal = ""

    @property
    def secret(self) -> str:
        return self.refresh_token

    @property
    def one_use(self) -> tuple[str, ...]:
        return (self.kind, self.refresh_token)

    @property
    def form(self) -> dict[str, str]:
        return refresh_form(self.refresh_token)


@dataclasses.dataclass(frozen=True)
class JwtBearer(Grant):
    """A signed assertion about the user or client (RFC 7523, section 2.1). It may be valid for a moment only."""

    assertion: str
    kind = "jwt_bearer"
    principal = ""

    @property
    def secret(self) -> str:
        return self.assertion

    @property
    def reusable(self) -> bool:
        return False

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self.assertion}


@dataclasses.dataclass(frozen=True)
class TokenExchange(Grant):
    """A token that is exchanged for another one (RFC 8693, section 2.1)."""

    subject_token: str
    subject_token_type: str
    requested_token_type: str = ""
    kind = "token_exchange"
    principal = ""

    @property
    def secret(self) -> str:
        return self.subject_token

    @property
    def reusable(self) -> bool:
        return False

    @property
    def scope(self) -> str:
        return f"{self.subject_token_type} {self.requested_token_type}"

    @property
    def form(self) -> dict[str, str]:
        requested = {"requested_token_type": self.requested_token_type} if self.requested_token_type else {}
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": self.subject_token,
            "subject_token_type": self.subject_token_type,
            **requested,
        }


@dataclasses.dataclass(frozen=True)
class ClientGrant(Grant):
    """A grant as a certain client uses it, for a token with certain properties: the scope, the audience and whatever
    else the request states in ``parameters``. Other parameters obtain another token, and so do other ``fields``.
    """

    grant: Grant
    client: Client
    parameters: tuple[Parameter, ...] = ()
    #: The fields of the response that have other names, and these names.
    fields: tuple[tuple[str, str], ...] = ()
    kind = "client_grant"

    @property
    def principal(self) -> str:
        return self.grant.principal or self.client.client_id

    @property
    def secret(self) -> str:
        return json.dumps([self.grant.secret, *self.client.secrets])

    @property
    def scope(self) -> str:
        # The order of scopes has no meaning (RFC 6749, section 3.3).
        parameters = [
            (name, sorted(set(str(value).split())) if name == "scope" else value) for name, value in self.parameters
        ]
        return json.dumps([self.grant.kind, self.grant.scope, self.client.client_id, parameters, self.fields])

    @property
    def reusable(self) -> bool:
        return self.grant.reusable

    @property
    def one_use(self) -> tuple[str, ...]:
        return self.grant.one_use and (self.client.client_id, *self.grant.one_use)

    @property
    def repeatable(self) -> bool:
        return self.grant.repeatable

    @property
    def form(self) -> dict[str, t.Any]:
        return {**dict(self.parameters), **self.grant.form}


def refresh_form(refresh_token: str) -> dict[str, str]:
    """The form of a refresh request (RFC 6749, section 6)."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}
