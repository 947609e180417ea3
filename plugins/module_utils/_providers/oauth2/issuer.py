# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Obtains, refreshes, revokes and introspects tokens."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._errors import AccessError, MissingOption
from ..._http.models import Request, Response, root_url
from ..._oauth2.cache_entry import Revocation
from ..._oauth2.client_auth import KEY_JWT, SECRET_JWT, credentials_in
from ..._oauth2.discovery import Metadata, endpoint_url, fetch_metadata
from ..._oauth2.grants import ClientGrant, Grant, RefreshToken, refresh_form
from ..._oauth2.response import TOKEN_RESPONSE, absent_fields, field_names, null_fields, parse_token, rename_fields
from ..._oauth2.token import Token
from ..._oauth2.token_request import (
    INTROSPECTION,
    in_format,
    introspection_form,
    revocation_form,
    token_info,
    tokens_to_revoke,
)
from ..._platform.issuer import TokenIssuer, is_alive
from .grants import read_client, read_grant

#: Seconds, if neither the response nor the token states its lifetime (RFC 6749, section 5.1, only recommends it).
_DEFAULT_LIFETIME = 3600
#: Token types that require more than sending the token.
_PROOF_TYPES = frozenset(("dpop", "mac", "pop"))


class OAuth2Tokens(TokenIssuer):
    """Obtains, refreshes, revokes and introspects tokens at the endpoints that the user or the issuer names."""

    def _find_root(self) -> str:
        """The issuer, or the token endpoint without its query; empty if a supplied token is used."""
        issuer, token_url = self.params["issuer"], self.params["token_url"]
        if issuer:
            return root_url(issuer, "issuer")
        return endpoint_url(token_url, "token_url").partition("?")[0] if token_url else ""

    @property
    def identity(self) -> list[str]:
        return [self.session.platform, self.url, self.params["token_url"] or ""]

    # --- grants -------------------------------------------------------------------------------------------------------

    def grant(self) -> ClientGrant:
        """The grant that the options describe.

        :raises MissingOption: if an option of the grant or of the client is missing.
        """
        if not self.url:
            raise MissingOption(
                "issuer or token_url must be given (or the environment variable OAUTH2_ISSUER or OAUTH2_TOKEN_URL)"
            )
        return read_grant(self.session)

    # --- endpoints ----------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _metadata(self) -> Metadata | None:
        return fetch_metadata(self.url, self.send) if self.params["issuer"] else None

    def _endpoint(self, name: str) -> str | None:
        """The URL of an endpoint, from its option or by discovery."""
        option = f"{name}_url"
        if self.params[option]:
            return endpoint_url(self.params[option], option)
        return self._metadata.endpoint(name, mutual_tls=bool(self.params["client_cert"])) if self._metadata else None

    def _require_endpoint(self, name: str) -> str:
        url = self._endpoint(name)
        if url is None:
            where = f": {self.url} names no such endpoint" if self.params["issuer"] else ""
            raise MissingOption(f"{name}_url must be given{where}")
        return url

    @functools.cached_property
    def _method(self) -> str:
        """The client authentication method."""
        supported = self._metadata.auth_methods if self._metadata and not self.params["client_auth"] else None
        return self.params["client_auth"] or read_client(self.session).choose_method(supported)

    def _authenticated(self, url: str, form: dict[str, t.Any], *, repeatable: bool = True, **options: t.Any) -> Request:
        """A request with the client's credentials. Assertions are signed when the request is sent, because they expire
        soon and are valid once.
        """
        request = Request("POST", url, form=form, authenticates=True, repeatable=repeatable, **options)
        if self._method in (SECRET_JWT, KEY_JWT):
            return dataclasses.replace(request, sign=self._authenticate)
        return self._authenticate(request)

    def _authenticate(self, request: Request) -> Request:
        """Add the client's credentials, which become secrets of the task in the form in which they are sent."""
        audience = self._metadata.issuer if self._metadata else self.params["token_url"] or request.url
        request = read_client(self.session).authenticate(
            request, self._method, audience=audience, now=self.session.clock.now()
        )
        self.session.secrets.add(*credentials_in(request))
        return request

    # --- tokens -------------------------------------------------------------------------------------------------------

    def obtain(self, grant: Grant) -> Token:
        request = t.cast(ClientGrant, grant)
        supplied = request.grant.refresh_token if isinstance(request.grant, RefreshToken) else None
        previous = Token("", refresh_token=supplied) if supplied else None
        return self._request_token(request, request.form, previous)

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        """Exchange the refresh token; None if the platform rejects it and the grant can be used instead.

        An omitted scope means the scope of the login (RFC 6749, section 6). That of a supplied refresh token may be
        larger than the requested one, which is therefore stated again.
        """
        request = t.cast(ClientGrant, grant)
        omitted = () if isinstance(request.grant, RefreshToken) else ("scope", "audience")
        kept = {name: value for name, value in request.parameters if name not in omitted}
        try:
            return self._request_token(request, {**kept, **refresh_form(token.refresh_token or "")}, token)
        except AccessError as error:
            is_temporary = error.status is None or error.status == 429 or error.status >= 500
            if is_temporary or error.code == "invalid_client" or grant.one_use:
                raise
            if not grant.reusable and error.code != "invalid_grant":  # an assertion may be valid only once
                raise
            return None

    def _request_token(self, grant: ClientGrant, form: dict[str, t.Any], previous: Token | None = None) -> Token:
        """Send a token request, and parse the response.

        ``query`` has no standard: requests are sent with POST (RFC 6749, section 3.2), and with GET to servers that
        do not accept it.
        """
        self._endpoint("revocation")  # an invalid one fails now, as a new refresh token would be lost afterwards
        can_repeat = previous is not None or grant.repeatable
        request = self._authenticated(self._require_endpoint("token"), form, repeatable=can_repeat, requests_token=True)
        request = in_format(request, self.params["request_format"])
        try:
            response = self.send(request)
        except AccessError as error:
            if error.status != 405 or self.params["request_format"] != "query":
                raise
            response = self.send(dataclasses.replace(request, method="GET", changes_state=True))
        return self._parse(response, grant, previous)

    def _parse(self, response: Response, grant: ClientGrant, previous: Token | None) -> Token:
        fields = self.params["fields"] or {}
        answer: t.Any = None
        body: t.Any = None
        try:
            answer = self.responses.parse(response)
            body = rename_fields(answer, fields)
            problems = TOKEN_RESPONSE.problems(body)
        except ValueError:
            problems = [f"it is {response.kind}"]
        if problems:
            notes = [f"{name} is read from {path}" for name, path in fields.items()]
            if isinstance(body, dict) and "access_token" not in body:
                notes.append(self._describe_fields(answer))
            raise self.responses.invalid_response(response, [*problems[:2], *(["; ".join(notes)] if notes else [])])
        self._check_fields(response, answer, is_repeatable=previous is None and grant.reusable)
        requested = t.cast("str | None", dict(grant.parameters).get("scope"))
        details = {key: body[key] for key in ("issued_token_type",) if isinstance(body.get(key), str)}
        token = parse_token(body, self.session.clock.now(), _DEFAULT_LIFETIME, previous=previous, details=details)
        scope = token.scope or (previous.scope if previous else None) or requested
        self._warn_of_loss(grant, token, previous)
        return dataclasses.replace(token, scope=scope)

    def _describe_fields(self, answer: t.Any) -> str:
        names = [self.responses.quote(name) for name in field_names(answer)]
        return f"the fields of the response are {', '.join(names)}" if names else "the response has no fields"

    def _check_fields(self, response: Response, answer: t.Any, *, is_repeatable: bool) -> None:
        """Check that the response has what ``fields`` names.

        A response that cannot be had again, because its code or refresh token is used up, is accepted with a warning. A
        refresh also leaves out what has not changed (RFC 6749, section 6).
        """
        fields = self.params["fields"] or {}
        absent = absent_fields(answer, fields)
        problems = [f"fields.{name}: there is no {path}" for name, path in absent.items()]
        if problems and is_repeatable:
            raise self.responses.invalid_response(response, [*problems[:2], self._describe_fields(answer)])
        if "expires_in" in absent or "expires_in" in null_fields(answer, fields):
            self.session.warn(
                f"fields.expires_in: the response to {response.request.label} has no value for {fields['expires_in']}, "
                f"so the token is assumed to be valid for {_DEFAULT_LIFETIME} s unless it states its own lifetime"
            )

    def _warn_of_loss(self, grant: ClientGrant, token: Token, previous: Token | None) -> None:
        """Without a cache, nothing keeps a refresh token that replaces the user's."""
        given = previous.refresh_token if previous else None
        is_lost = isinstance(grant.grant, RefreshToken) and token.refresh_token != given
        if is_lost and (self.params["token_cache"] or "none") == "none":
            self.session.warn(
                "the platform replaced the refresh token, and token_cache is none, so only this task's result has the "
                "new one. Use a token cache"
            )

    def authorize(self, request: Request, token: Token) -> Request:
        """Add a token to a request (RFC 6750, section 2)."""
        if token.token_type.lower() in _PROOF_TYPES:
            raise AccessError(
                f"the platform issued a token of type {self.responses.quote(token.token_type)}, which requires a "
                "proof of possession. This is not supported; request a bearer token"
            )
        prefix, name = self.params["token_prefix"], self.params["token_name"]
        if self.params["token_placement"] == "query":  # noqa: S105 - a place, not a token
            query = t.cast("t.Mapping[str, t.Any]", request.query or {})
            return dataclasses.replace(request, query={**query, name or "access_token": token.access_token})
        value = f"{prefix} {token.access_token}".strip()
        return dataclasses.replace(request, headers={**request.headers, name or "Authorization": value})

    # --- revocation and introspection ---------------------------------------------------------------------------------

    @property
    def can_revoke(self) -> bool:
        return self._endpoint("revocation") is not None

    def revoke(self, token: Token) -> None:
        """Revoke both tokens, if the platform can. A token that it does not know counts as revoked (RFC 7009, section
        2.2).
        """
        url = self._endpoint("revocation")
        for value, kind in tokens_to_revoke(token) if url else ():
            try:
                self.send(self._authenticated(t.cast(str, url), revocation_form(value, kind), reject_html=True))
            except AccessError as error:
                if error.code != "unsupported_token_type":
                    raise
                self.session.warn(
                    f"the platform cannot revoke the {kind.replace('_', ' ')}; it stays valid until it expires"
                )

    def revocation(self, token: Token) -> Revocation | None:
        """The revocation request for the token cache. A signed assertion would soon expire, so there is none."""
        if self._method in (SECRET_JWT, KEY_JWT):
            return None
        url = self._endpoint("revocation")
        if url is None:
            return None
        value, kind = tokens_to_revoke(token)[0]
        request = self._authenticated(url, revocation_form(value, kind), reject_html=True)
        return Revocation(request, self.session.limits.limits_for(request))

    def is_revocable(self, token: Token) -> bool:
        if token.life(self.session.clock.now()) <= 0 or not self.can_revoke:
            return False
        try:
            return is_alive(self.remaining_life(token))
        except AccessError as error:
            if error.status not in (401, 403):
                raise
            return True  # the client may revoke tokens, but not ask about them

    def token_info(self, token: Token) -> dict[str, t.Any]:
        """What the platform states about a token (RFC 7662).

        :raises MissingOption: if it has no introspection endpoint.
        """
        request = self._authenticated(self._require_endpoint("introspection"), introspection_form(token.access_token))
        return token_info(self.fetch(request, INTROSPECTION), self.session.clock.now())

    def remaining_life(self, token: Token) -> float | None:
        if self._endpoint("introspection") is None:
            return None
        info = self.token_info(token)
        if not info["valid"]:
            return 0
        return token.life(self.session.clock.now()) if info["expires_in"] is None else info["expires_in"]
