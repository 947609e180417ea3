# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client authentication at the endpoints of an authorization server (RFC 6749, section 2.3), by the methods that the
registry of RFC 8414 names.
"""

from __future__ import annotations

import base64
import dataclasses
import typing as t
from urllib.parse import quote_plus

from .._http.models import Request
from .assertion import CLIENT_ASSERTION_TYPE, SigningKey, sign_assertion

BASIC, POST = "client_secret_basic", "client_secret_post"
SECRET_JWT, KEY_JWT = "client_secret_jwt", "private_key_jwt"
TLS, NONE = "tls_client_auth", "none"

#: The methods in order of preference, and the credentials that each requires (names of options).
METHODS: dict[str, tuple[str, ...]] = {
    BASIC: ("client_id", "client_secret"),
    POST: ("client_id", "client_secret"),
    SECRET_JWT: ("client_id", "client_secret"),
    KEY_JWT: ("client_id", "private_key"),
    TLS: ("client_id", "client_cert"),
    NONE: (),
}


@dataclasses.dataclass(frozen=True)
class Client:
    """A registered client with its credentials; empty strings for those that it lacks.

    ``certificate`` is the content of the TLS client certificate (RFC 8705). It is part of cache keys; the HTTP layer
    presents the certificate.
    """

    client_id: str = ""
    client_secret: str = ""
    private_key: str = ""
    private_key_id: str = ""
    algorithm: str = "RS256"
    certificate: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that authenticates the client."""
        return (self.client_secret, self.private_key, self.certificate)

    def choose_method(self, supported: t.Sequence[str] | None) -> str:
        """The method for these credentials: the first that the server supports (None if it does not state any),
        otherwise the first.
        """
        given = {**vars(self), "client_cert": self.certificate}
        suitable = [name for name, needed in METHODS.items() if needed and all(given[option] for option in needed)]
        return next((method for method in suitable if method in (supported or ())), [*suitable, NONE][0])

    def authenticate(self, request: Request, method: str, *, audience: str = "", now: float = 0.0) -> Request:
        """Add the client's credentials to a request with a form, or with its parameters in JSON or the query.
        ``audience`` identifies the server in an assertion.

        With Basic authentication, both parts are form-encoded first (RFC 6749, section 2.3.1).

        :raises MissingLibrary: if an assertion cannot be signed without PyJWT.
        :raises AccessError: if the private key cannot be used.
        """
        if method == BASIC:
            return dataclasses.replace(request, basic=(quote_plus(self.client_id), quote_plus(self.client_secret)))
        fields = {"client_id": self.client_id} if self.client_id else {}
        if method == POST:
            fields["client_secret"] = self.client_secret
        elif method in (SECRET_JWT, KEY_JWT):
            fields["client_assertion_type"] = CLIENT_ASSERTION_TYPE
            fields["client_assertion"] = sign_assertion(self.client_id, audience, now, self._signing_key(method))
        place, parameters = _parameters(request)
        changed: dict[str, t.Any] = {place: {**parameters, **fields}}
        return dataclasses.replace(request, **changed)

    def _signing_key(self, method: str) -> SigningKey:
        if method == KEY_JWT:
            return SigningKey(self.private_key, self.algorithm, self.private_key_id)
        return SigningKey(self.client_secret, "HS256")


def authenticate_client(
    request: Request, client_id: str, client_secret: str | None, methods: t.Container[str]
) -> Request:
    """Add a client's ID and secret to a token request: as HTTP Basic authentication if ``methods`` include it,
    otherwise in the form.

    The form always contains ``client_id``, which is all that a public client, having no secret, sends.
    """
    client = Client(client_id, client_secret or "")
    method = NONE if not client_secret else BASIC if BASIC in methods else POST
    return client.authenticate(
        dataclasses.replace(request, form={**(request.form or {}), "client_id": client_id}), method
    )


def credentials_in(request: Request) -> list[str]:
    """The credentials in an authenticated request, in each form in which a server may echo them."""
    form = _parameters(request)[1]
    found = [str(form[name]) for name in ("client_secret", "client_assertion") if form.get(name)]
    if request.basic:
        header = base64.b64encode(":".join(request.basic).encode()).decode()
        found += [request.basic[1], header]
    return found


def _parameters(request: Request) -> tuple[str, t.Mapping[str, t.Any]]:
    """The field of a request that contains its parameters, and these."""
    for place in ("form", "json", "query"):
        parameters = getattr(request, place)
        if isinstance(parameters, t.Mapping):
            return place, parameters
    return "form", {}
