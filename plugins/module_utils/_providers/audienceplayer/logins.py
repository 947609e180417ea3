# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer's logins: as the client, as a user on the client's behalf, and as a user with a password
(providers.md, section 1.3).
"""

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

_DEFAULT_LIFETIME = 3600  # seconds, if a response does not state it (1.3)
_FIELDS = "access_token user_id user_email expires_in"


@dataclasses.dataclass(frozen=True)
class ClientLogin(ClientCredentials):
    """The client's own credentials, for one of the API's scopes."""

    api_scope: str
    kind = "client"

    @property
    def scope(self) -> str:
        return self.api_scope


@dataclasses.dataclass(frozen=True)
class UserLogin(Grant):
    """The client's credentials, for a token of a frontend user. The user's password is not needed.

    The address is not normalized: if the platform distinguishes two spellings, they must not share a token.
    """

    user: User
    client_secret: str
    #: The arguments of the login. They do not distinguish tokens.
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
    """A user's address and password, for one of the API's scopes."""

    api_scope: str

    @property
    def scope(self) -> str:
        return self.api_scope


class AudiencePlayerTokens(TokenIssuer):
    """Logs in with mutations. One document can log several users in."""

    identity_options = ("project_id", "client_id")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.graphql = GraphQL(session)

    def grant(self) -> Grant:
        params = self.params
        user = User.of(params)
        if user != User(None, None):
            if params.get("grant") == "password" or params.get("scope") == "admin":
                raise AccessError(
                    "user_id and user_email select the user whose token the client obtains: they require grant "
                    "client and scope user"
                )
            return self.user_grant(user, auto_register=bool(params.get("auto_register")))
        if params.get("grant") == "password":
            email, password = self.require("email", "password")
            return PasswordLogin(email, password, params["scope"])
        if "scope" not in params and "user_email" in params:
            raise AccessError("user_id or user_email must be given")
        return self.client_grant(params.get("scope", "user"))

    def client_grant(self, scope: str = "user") -> ClientLogin:
        """Create the grant for the client's own token."""
        client = self.graphql.client_arguments()
        return ClientLogin(client["client_id"], client["client_secret"], scope)

    def user_grant(self, user: User, auto_register: bool = False, **registration: str) -> UserLogin:
        """Create the grant for a frontend user's token. ``registration`` are arguments for creating the user."""
        # The vendor's client sends auto_register only with an e-mail address (1.3).
        arguments = {**user.arguments, **({"auto_register": auto_register} if user.id is None else {}), **registration}
        return UserLogin(user, self.graphql.client_arguments()["client_secret"], arguments)

    def obtain(self, grant: Grant) -> Token:
        operation, arguments = self._login(grant)
        login = field(operation, arguments, _FIELDS)
        response = self.send(
            self.graphql.request(
                f"mutation {{ {login} }}", grant.scope, authenticates=True, requests_token=True, repeatable=True
            )
        )
        data = self.graphql.responses.data(response)
        if isinstance(grant, UserLogin) and operation in data and data[operation] is None:
            raise NotFound("there is no such user", status=response.status, code=404)
        return self._parse(self.graphql.responses.parse_field(response, operation, LOGIN))

    def _login(self, grant: Grant) -> tuple[str, dict[str, t.Any]]:
        """The login mutation of a grant, and its arguments."""
        if isinstance(grant, PasswordLogin):
            project = {"project_id": self.require("project_id")} if grant.scope == "admin" else {}
            return "UserAuthenticate", {**project, "email": grant.username, "password": grant.password}
        if isinstance(grant, UserLogin):
            return "ClientUserAuthenticate", {**self.graphql.client_arguments(), **grant.arguments}
        return "ClientAuthenticate", self.graphql.client_arguments()

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log several users in with one document. Logins whose outcome is unclear are repeated in halves, finally one
        by one.
        """
        users = [grant for grant in grants if isinstance(grant, UserLogin)]
        if len(grants) == 1 or len(users) < len(grants):
            return super().obtain_many(grants)
        size = self.graphql.max_fields(len(users), authenticates=True)
        outcomes: dict[Grant, Token | AccessError] = {}
        for start in range(0, len(users), size):
            outcomes.update(self._log_in_together(users[start : start + size]))
        return outcomes

    def _log_in_together(self, grants: t.Sequence[UserLogin]) -> dict[Grant, Token | AccessError]:
        if len(grants) == 1:
            return super().obtain_many(grants)
        aliases = {f"u{number}": grant for number, grant in enumerate(grants)}
        logins = {alias: field(*self._login(grant), _FIELDS, alias) for alias, grant in aliases.items()}
        try:
            answers = self.graphql.mutate(logins, authenticates=True, requests_token=True)
        except AccessError as error:
            return dict.fromkeys(grants, error)
        if (
            len(answers.unclear) == len(grants)
            and answers.error
            and answers.error.code in (401, 403)
            and not self.client_works()
        ):
            return dict.fromkeys(grants, answers.error)
        outcomes: dict[Grant, Token | AccessError] = {aliases[alias]: error for alias, error in answers.failed.items()}
        unclear = []
        for alias, grant in aliases.items():
            if alias in answers.failed:
                continue
            if alias not in answers.unclear and not LOGIN.problems(answers.data[alias]):
                outcomes[grant] = self._parse(answers.data[alias])
            else:
                unclear.append(grant)
        half = len(unclear) if len(unclear) < len(grants) else len(unclear) // 2
        for part in (unclear[:half], unclear[half:]) if unclear else ():
            outcomes.update(self.obtain_many(part) if part else {})
        return outcomes

    def client_works(self) -> bool:
        """Whether the client can log in, so that an error concerns only one user. Tried once per task."""
        capabilities = self.graphql.capabilities
        if capabilities.client_works is None:
            try:
                self.session.secrets.add(self.obtain(self.client_grant()).access_token)
                capabilities.client_works = True
            except AccessError:
                capabilities.client_works = False
        return capabilities.client_works

    def _parse(self, login: dict[str, t.Any]) -> Token:
        try:
            scopes = jwt_claims(login["access_token"]).get("scopes")
        except ValueError:
            scopes = None
        user_id = login.get("user_id")
        return parse_token(
            login,
            self.session.clock.now(),
            _DEFAULT_LIFETIME,
            scope=" ".join(map(str, scopes)) if isinstance(scopes, list) else None,
            details={"user": {"id": int(user_id) if user_id is not None else None, "email": login.get("user_email")}},
        )
