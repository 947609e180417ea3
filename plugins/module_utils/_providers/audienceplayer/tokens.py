# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer's logins: of the client, of a user whom the client vouches for, and of a user by password (providers.md, section 1.3)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._errors import AccessError, NotFound
from ..._oauth2.grants import ClientCredentials, Grant, PasswordCredentials
from ..._oauth2.jwt import jwt_claims
from ..._oauth2.response import parse_token
from ..._oauth2.token import Token
from ..._platform.issuer import TokenIssuer
from ..._platform.session import Session
from .documents import field
from .graphql import GraphQL
from .schemas import LOGIN
from .users import User

_LIFETIME = 3600  # seconds, if an answer doesn't say (1.3)
_FIELDS = "access_token user_id user_email expires_in"


@dataclasses.dataclass(frozen=True)
class ClientLogin(ClientCredentials):
    """The client's own token, for one of the API's scopes."""

    api_scope: str
    kind = "client"

    @property
    def scope(self) -> str:
        return self.api_scope


@dataclasses.dataclass(frozen=True)
class UserLogin(Grant):
    """A frontend user's token, which the client gets without their password.

    The address is kept as it is spelled: should the platform tell two spellings apart, nobody gets the other user's token.
    """

    user: User
    client_secret: str
    #: What the request has besides, which does not make it another token.
    arguments: t.Mapping[str, t.Any] = dataclasses.field(compare=False)
    kind = "user"
    scope = "user"

    @property
    def principal(self) -> str:
        return self.user.label

    @property
    def secret(self) -> str:
        return self.client_secret


@dataclasses.dataclass(frozen=True)
class PasswordLogin(PasswordCredentials):
    """A user's token by address and password, for one of the API's scopes."""

    api_scope: str

    @property
    def scope(self) -> str:
        return self.api_scope


class AudiencePlayerTokens(TokenIssuer):
    """Logs in by mutations, several users with one document."""

    identity_options = ("project_id", "client_id")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.graphql = GraphQL(session)

    def grant(self) -> Grant:
        params = self.params
        user = User.of(params)
        if user != User(None, None):
            if params.get("grant") == "password" or params.get("scope") == "admin":
                raise AccessError("user_id and user_email say whose token the client wants: they go with grant client and scope user only")
            return self.user_grant(user, auto_register=bool(params.get("auto_register")))
        if params.get("grant") == "password":
            email, password = self.require("email", "password")
            return PasswordLogin(email, password, params["scope"])
        if "scope" not in params:
            raise AccessError("user_id or user_email must be given")
        return self.client_grant(params["scope"])

    def client_grant(self, scope: str = "user") -> ClientLogin:
        """The grant for the client's own token."""
        client = self.graphql.client_arguments()
        return ClientLogin(client["client_id"], client["client_secret"], scope)

    def user_grant(self, user: User, auto_register: bool = False, **wishes: str) -> UserLogin:
        """The grant for a frontend user's token. The vendor sends auto_register with an e-mail only (1.3)."""
        arguments = {**user.arguments, **({"auto_register": auto_register} if user.id is None else {}), **wishes}
        return UserLogin(user, self.graphql.client_arguments()["client_secret"], arguments)

    def obtain(self, grant: Grant) -> Token:
        operation, arguments = self._login(grant)
        login = field(operation, arguments, _FIELDS)
        response = self.send(self.graphql.request(f"mutation {{ {login} }}", grant.scope, authenticates=True, repeatable=True))
        data = self.graphql.responses.data(response)
        if isinstance(grant, UserLogin) and operation in data and data[operation] is None:
            raise NotFound("there is no such user", status=response.status, code=404)
        return self._token(self.graphql.responses.field_of(response, operation, LOGIN))

    def _login(self, grant: Grant) -> tuple[str, dict[str, t.Any]]:
        """The mutation that logs in, and its arguments."""
        if isinstance(grant, PasswordLogin):
            project = {"project_id": self.require("project_id")} if grant.scope == "admin" else {}
            return "UserAuthenticate", {**project, "email": grant.username, "password": grant.password}
        if isinstance(grant, UserLogin):
            return "ClientUserAuthenticate", {**self.graphql.client_arguments(), **grant.arguments}
        return "ClientAuthenticate", self.graphql.client_arguments()

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log several users in with one document; what its answer leaves open is asked in halves, then alone."""
        users = [grant for grant in grants if isinstance(grant, UserLogin)]
        if len(grants) == 1 or len(users) < len(grants):
            return super().obtain_many(grants)
        size = self.graphql.max_fields(len(users), authenticates=True)
        outcomes: dict[Grant, Token | AccessError] = {}
        for start in range(0, len(users), size):
            outcomes.update(self._log_in(users[start : start + size]))
        return outcomes

    def _log_in(self, grants: t.Sequence[UserLogin]) -> dict[Grant, Token | AccessError]:
        if len(grants) == 1:
            return super().obtain_many(grants)
        aliases = {f"u{number}": grant for number, grant in enumerate(grants)}
        logins = {alias: field(*self._login(grant), _FIELDS, alias) for alias, grant in aliases.items()}
        try:
            answers = self.graphql.mutate(logins, authenticates=True)
        except AccessError as error:
            return dict.fromkeys(grants, error)
        if len(answers.unclear) == len(grants) and answers.error and answers.error.code in (401, 403) and not self.client_works():
            return dict.fromkeys(grants, answers.error)
        outcomes: dict[Grant, Token | AccessError] = {aliases[alias]: error for alias, error in answers.failed.items()}
        unclear = []
        for alias, grant in aliases.items():
            if alias in answers.failed:
                continue
            if alias not in answers.unclear and not LOGIN.problems(answers.data[alias]):
                outcomes[grant] = self._token(answers.data[alias])
            else:
                unclear.append(grant)
        half = len(unclear) if len(unclear) < len(grants) else len(unclear) // 2
        for part in (unclear[:half], unclear[half:]) if unclear else ():
            outcomes.update(self.obtain_many(part) if part else {})
        return outcomes

    def client_works(self) -> bool:
        """Whether the client itself can log in, so that an error is not everybody's; asked once per task."""
        capabilities = self.graphql.capabilities
        if capabilities.client_works is None:
            try:
                self.session.secrets.add(self.obtain(self.client_grant()).access_token)
                capabilities.client_works = True
            except AccessError:
                capabilities.client_works = False
        return capabilities.client_works

    def _token(self, answer: dict[str, t.Any]) -> Token:
        try:
            scopes = jwt_claims(answer["access_token"]).get("scopes")
        except ValueError:
            scopes = None
        user_id = answer.get("user_id")
        return parse_token(
            answer,
            self.session.clock.now(),
            _LIFETIME,
            scope=" ".join(map(str, scopes)) if isinstance(scopes, list) else None,
            details={"user": {"id": int(user_id) if user_id is not None else None, "email": answer.get("user_email")}},
        )
