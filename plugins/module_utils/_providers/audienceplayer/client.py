# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: GraphQL with client credentials in the arguments (providers.md, section 1)."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ..._data.schema import Schema
from ..._data.values import identity
from ..._errors import AccessError, NotFound
from ..._http.models import Request, Response
from ..._oauth2.grants import Grant
from ..._oauth2.jwt import jwt_claims, jwt_expiry
from ..._oauth2.token import Token
from ..._platform.ensure import State
from ..._platform.options import from_env
from ..._platform.platform import ManifestList, Provider
from ..._ratelimit.rate import Rate

if t.TYPE_CHECKING:
    from ..._platform.access import Access
from .dates import instant
from .documents import field
from .entitlements import problems_of
from .schemas import ANSWER, HOLDINGS, LOGIN, USER
from .users import User, check_users

_LIFETIME = 3600  # seconds, where an answer says nothing (1.3)
#: Capabilities that are found out about the platform.
_FIELDS_COUNT, _CLIENT_WORKS, _CLIENT_REFUSED = "fields count towards limits", "the client can log in", "the client cannot log in"
_PAGE = 100
#: What is read of each list of a user's holdings.
_LISTS = {"UserProductList": "product_id is_fulfilled fulfilment_expires_at", "UserSubscriptionList": "subscription_id expires_at is_valid"}
_LOGIN_FIELDS = "access_token user_id user_email expires_in"


class GraphQLError(AccessError):
    """An error that a GraphQL answer names."""


class Answers(t.NamedTuple):
    """What the fields of one document were answered, by their aliases."""

    data: dict[str, t.Any]
    failed: dict[str, AccessError]
    #: Those whose outcome the answer leaves open, or that a rate limit kept out.
    unclear: list[str]
    #: The first error, whosever it is.
    error: AccessError | None
    #: The HTTP status.
    status: int


class AudiencePlayer(Provider):
    name = "audienceplayer"
    title = "AudiencePlayer"
    options = {
        "url": {"type": "str", "default": "https://api.audienceplayer.com", "fallback": from_env("AUDIENCEPLAYER_URL")},
        "project_id": {"type": "int", "fallback": from_env("AUDIENCEPLAYER_PROJECT_ID")},
        "client_id": {"type": "str", "fallback": from_env("AUDIENCEPLAYER_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": from_env("AUDIENCEPLAYER_CLIENT_SECRET")},
        "forwarded_for": {"type": "str"},
        "rate_limit_counts": {"type": "str", "choices": ["request", "field"], "default": "request"},
    }
    #: What says whose token is wanted; the modules that take these options document them.
    token_options: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "scope": {"type": "str", "choices": ["user", "admin"], "default": "user"},
        "grant": {"type": "str", "choices": ["client", "password"], "default": "client"},
        "email": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "user_id": {"type": "int"},
        "user_email": {"type": "str"},
        "auto_register": {"type": "bool", "default": False},
    }
    #: How they go together (the rules of AnsibleModule).
    token_rules: t.ClassVar[dict[str, t.Any]] = {
        "mutually_exclusive": [("user_id", "user_email")],
        "required_if": [("grant", "password", ("email", "password")), ("auto_register", True, ("user_email",))],
    }
    role = "audienceplayer_access"
    manifest = {
        "users": ManifestList(
            "audienceplayer_user", ("user_email", "user_name", "user_locale", "state"), required=("user_email",), removable=False, check=check_users
        ),
        "entitlements": ManifestList(
            "audienceplayer_entitlement",
            ("product_id", "subscription_id", "user_id", "user_email", "auto_register", "expires_at", "state"),
            from_file=True,
            settings=("read_before_write", "batch_size", "concurrency", "ledger", "ledger_max_age"),
            one_of=(("product_id", "subscription_id"), ("user_id", "user_email")),
            check=problems_of,
        ),
    }
    rate_limit = "120/minute"
    auth_rate_limit = "20/minute"
    hints = {
        401: "Check client_id and client_secret (each scope has its own), or email and password",
        403: "Check that the credentials are for this scope, and that the user may have this",
        404: "Check project_id and url, and the ids",
    }

    # --- GraphQL (1.1, 1.6) --------------------------------------------------------------------------------------------

    def request(self, document: str, scope: str = "user", *, variables: t.Any = None, fields: int = 1, **kwargs: t.Any) -> Request:
        """A request for a document with so many ``fields``, as far as that matters."""
        kwargs["cost"] = fields if self._counts_fields else 1
        headers = {"X-Forwarded-For": self.params["forwarded_for"]} if self.params["forwarded_for"] else {}
        body = {"query": document, **({"variables": variables} if variables else {})}
        return Request("POST", f"{self.url}/graphql/{self.require('project_id')}/{scope}", headers=headers, json=body, **kwargs)

    def errors_in(self, response: Response) -> list[dict[str, t.Any]]:
        """The errors of a GraphQL answer, whatever its HTTP status."""
        if not response.body.lstrip().startswith(b"{"):
            return []
        try:
            errors = response.json().get("errors")
        except ValueError:
            return []
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    def is_rate_limited(self, response: Response) -> bool:
        """Whether a document can be sent again when a limit allows: of mutations that it let pass in part, :meth:`mutate` repeats the rest."""
        if not super().is_rate_limited(response) and not self._speaks_of_limit(response):
            return False
        is_query = not response.request.json["query"].lstrip().startswith("mutation")
        return is_query or not self.errors_in(response) or not any(value is not None for value in (response.json().get("data") or {}).values())

    def _speaks_of_limit(self, response: Response) -> bool:
        return any(self.code_of(error, response) == 429 for error in self.errors_in(response))

    def is_definitive_refusal(self, response: Response) -> bool:
        """The HTTP status beside an error is not documented, so that a refusal may come with 500 (1.6)."""
        codes = [self.code_of(error, response) for error in self.errors_in(response)]
        return bool(codes) and all(isinstance(code, int) and 400 <= code < 500 for code in codes)

    def code_of(self, error: dict[str, t.Any], response: Response) -> t.Any:
        extensions = error.get("extensions")
        code = error.get("code")
        if code is None and isinstance(extensions, dict):
            code = extensions.get("code")
        if code is None:
            return None if response.ok else response.status
        return int(code) if isinstance(code, str) and code.isdigit() else code

    def failure(self, response: Response) -> AccessError | None:
        errors = self.errors_in(response)
        return self.error_from(errors[0], response) if errors else super().failure(response)

    def error_from(self, error: dict[str, t.Any], response: Response) -> GraphQLError:
        code = self.code_of(error, response)
        words = self.quoted(error["message"]) if isinstance(error.get("message"), str) else self.error_text(response)[1]
        message = f"the answer is the error {code}: {words or 'without a message'}" if code is not None else f"the answer is an error: {words}"
        stale = 401 in (code, response.status) or code == "UNAUTHENTICATED"
        return GraphQLError(self.with_hint(message, response, code), status=response.status, code=code, stale_token=stale)

    def data(self, response: Response) -> dict[str, t.Any]:
        return self.read(response, ANSWER).get("data") or {}

    def field_of(self, response: Response, name: str, schema: Schema) -> t.Any:
        """One field of an answer's data, checked.

        :raises AccessError: naming what doesn't fit.
        """
        value = self.data(response).get(name)
        problems = schema.problems(value, f"data.{name}")
        if problems:
            raise self.invalid_response(response, problems)
        return value

    def max_fields(self, wanted: int, *options: str) -> int:
        """How many of ``wanted`` fields one document may have, so that the limits of these ``options`` let it pass."""
        rates = [Rate.parse(self.params[option], option) for option in options]
        counted = [rate.count for rate in rates if rate] if self._counts_fields else []
        return min([wanted, *counted])

    @property
    def _counts_fields(self) -> bool:
        """Whether each field counts towards the rate limits, as the user says or the platform has shown."""
        return self.params["rate_limit_counts"] == "field" or _FIELDS_COUNT in self.capabilities

    def mutate(self, fields: t.Mapping[str, str], *, repeatable: bool = True, **kwargs: t.Any) -> Answers:
        """Send mutations as one document, by their aliases. Where a rate limit kept some out, it has been waited for.

        :raises AccessError: where it failed as a whole (:class:`AmbiguousWrite` where it must not be repeated and may have been applied).
        """
        document = f"mutation {{ {' '.join(fields.values())} }}"
        response = self.http.send(self.request(document, repeatable=repeatable, fields=len(fields), **kwargs))
        errors, error = self.errors_in(response), self.failure(response)
        if error and not errors:
            raise error
        data = self.data(response)
        failed = self._failed(fields, errors, response)
        if self._speaks_of_limit(response):
            failed = self._after_limit(failed, response)
        unclear = [alias for alias in fields if alias not in failed and (alias not in data or (errors and data[alias] is None))]
        return Answers(data, failed, unclear, error, response.status)

    def _after_limit(self, failed: dict[str, AccessError], response: Response) -> dict[str, AccessError]:
        """Wait for a limit that let only a part of a document pass; returns what has failed for good."""
        if not self._counts_fields:
            self.capabilities.add(_FIELDS_COUNT)
            self.warn("the platform counts each field of a request towards its rate limit: set rate_limit_counts to field")
        limited = [alias for alias, failure in failed.items() if failure.code == 429]
        try:
            self.http.wait_for_limit(response)
        except AccessError as error:
            return {**failed, **dict.fromkeys(limited, error)}
        return {alias: failure for alias, failure in failed.items() if alias not in limited}

    def _failed(self, fields: t.Mapping[str, str], errors: t.Sequence[dict[str, t.Any]], response: Response) -> dict[str, AccessError]:
        """The errors by the alias that each belongs to."""
        failed: dict[str, AccessError] = {}
        for error in errors:
            path = error.get("path")
            alias = str(path[0]) if isinstance(path, list) and path else next(iter(fields)) if len(fields) == 1 else ""
            if alias in fields:
                failed.setdefault(alias, self.error_from(error, response))
        return failed

    def rate_limit_subject(self) -> str:
        return self.params["forwarded_for"] or ""

    # --- tokens (1.3) --------------------------------------------------------------------------------------------------

    def client_arguments(self) -> dict[str, t.Any]:
        project_id, client_id, client_secret = self.require("project_id", "client_id", "client_secret")
        return {"project_id": project_id, "client_id": client_id, "client_secret": client_secret}

    def token_identity(self) -> list[str]:
        return [*super().token_identity(), str(self.params["project_id"]), str(self.params["client_id"])]

    def grant(self) -> Grant:
        params = self.params
        user = User.of(params)
        if user != User(None, None):
            if params.get("grant") == "password" or params.get("scope") == "admin":
                raise AccessError("user_id and user_email say whose token the client wants: they go with grant client and scope user only")
            return self.user_grant(user, auto_register=bool(params.get("auto_register")))
        if params.get("grant") == "password":
            email, password = self.require("email", "password")
            return Grant("password", email, password, params["scope"])
        if "scope" not in params:
            raise AccessError("user_id or user_email must be given")
        return self._client_grant(params["scope"])

    def _client_grant(self, scope: str) -> Grant:
        arguments = self.client_arguments()
        return Grant("client", arguments["client_id"], arguments["client_secret"], scope)

    def user_grant(self, user: User, auto_register: bool = False) -> Grant:
        """The grant for a frontend user's token. The vendor sends auto_register with an e-mail only (1.3)."""
        arguments = {**user.arguments, **({"auto_register": auto_register} if user.id is None else {})}
        # The address as it is spelled: should the platform tell two spellings apart, nobody gets the other user's token.
        return Grant("user", user.label, self.client_arguments()["client_secret"], "user", details=arguments)

    def obtain(self, grant: Grant) -> Token:
        if grant.flow == "password":
            project = {"project_id": self.require("project_id")} if grant.scope == "admin" else {}
            operation, arguments = "UserAuthenticate", {**project, "email": grant.principal, "password": grant.secret}
        else:
            operation = "ClientUserAuthenticate" if grant.flow == "user" else "ClientAuthenticate"
            arguments = {**self.client_arguments(), **grant.details}
        login = field(operation, arguments, _LOGIN_FIELDS)
        response = self.send(self.request(f"mutation {{ {login} }}", grant.scope, authenticates=True, repeatable=True))
        data = self.data(response)
        if grant.flow == "user" and operation in data and data[operation] is None:
            raise NotFound("there is no such user", status=response.status, code=404)
        return self._token(self.field_of(response, operation, LOGIN))

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log several users in with one document; what its answer does not tell is asked in halves, then alone."""
        if len(grants) == 1 or any(grant.flow != "user" for grant in grants):
            return super().obtain_many(grants)
        size = self.max_fields(len(grants), "rate_limit", "auth_rate_limit")
        outcomes: dict[Grant, Token | AccessError] = {}
        for start in range(0, len(grants), size):
            outcomes.update(self._log_in(grants[start : start + size]))
        return outcomes

    def _log_in(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        if len(grants) == 1:
            return super().obtain_many(grants)
        aliases = {f"u{number}": grant for number, grant in enumerate(grants)}
        client = self.client_arguments()
        logins = {alias: field("ClientUserAuthenticate", {**client, **grant.details}, _LOGIN_FIELDS, alias) for alias, grant in aliases.items()}
        try:
            answers = self.mutate(logins, authenticates=True)
        except AccessError as error:
            return dict.fromkeys(grants, error)
        if len(answers.unclear) == len(grants) and answers.error and answers.error.code in (401, 403) and not self.client_works():
            return dict.fromkeys(grants, answers.error)
        outcomes: dict[Grant, Token | AccessError] = {aliases[alias]: error for alias, error in answers.failed.items()}
        unclear = []
        for alias, grant in aliases.items():
            answer = answers.data.get(alias)
            if alias in answers.failed:
                continue
            if alias not in answers.unclear and not LOGIN.problems(answer):
                outcomes[grant] = self._token(t.cast("dict[str, t.Any]", answer))
            else:
                unclear.append(grant)
        half = len(unclear) if len(unclear) < len(grants) else len(unclear) // 2
        for part in (unclear[:half], unclear[half:]) if unclear else ():
            outcomes.update(self.obtain_many(part) if part else {})
        return outcomes

    def _token(self, answer: dict[str, t.Any]) -> Token:
        access_token, life = answer["access_token"], answer.get("expires_in")
        expires_at = self.clock.now() + float(life) if life is not None else jwt_expiry(access_token)
        try:
            scopes = jwt_claims(access_token).get("scopes")
        except ValueError:
            scopes = None
        user_id = answer.get("user_id")
        return Token(
            access_token,
            expires_at=expires_at or self.clock.now() + _LIFETIME,
            scope=" ".join(map(str, scopes)) if isinstance(scopes, list) else None,
            details={"user": {"id": int(user_id) if user_id is not None else None, "email": answer.get("user_email")}},
        )

    # --- users (1.4, 1.5) ------------------------------------------------------------------------------------------------

    def user(self, email: str) -> State:
        """A user, or None."""
        query = field("ClientUser", {**self.client_arguments(), "email": email}, "id email name")
        try:
            response = self.send(self.request(f"query {{ {query} }}", repeatable=True))
        except AccessError as error:
            if error.code != 404:
                raise
            self._confirm_project()
            return None
        return self._user(response, "ClientUser")

    def user_key(self, email: str) -> str:
        """The same for all spellings of an address that the platform may take for one."""
        return f"user {self.params['project_id']} {identity(email)}"

    def plan_user(self, access: Access[AudiencePlayer], email: str) -> None:
        """In check mode, note that a real run would create a user unless there is one."""
        key = self.user_key(email)
        access.plan(key, access.planned(key) or {"id": None, "email": email, "name": None})

    def has_planned_user(self, access: Access[AudiencePlayer]) -> bool:
        """Whether the task's user may be one whom only a real run creates: an earlier task of the same check would."""
        email = self.params.get("user_email")
        return bool(email and access.planned(self.user_key(email)))

    def create_user(self, email: str, name: str | None, locale: str | None) -> None:
        """Create a user by logging in as them; the token is kept for who needs it next."""
        grant = self.user_grant(User(None, email), auto_register=True)
        wishes = {key: value for key, value in (("user_name", name), ("user_locale", locale)) if value is not None}
        self.tokens.force_new(dataclasses.replace(grant, details={**grant.details, **wishes}))

    def rename_user(self, user_id: int, name: str) -> None:
        mutation = field("ClientUserUpdate", {**self.client_arguments(), "id": user_id, "name": name}, "id name email")
        self.send(self.request(f"mutation {{ {mutation} }}", reject_html=True))

    def _user(self, response: Response, name: str) -> State:
        data = self.data(response)
        if name not in data:
            raise self.invalid_response(response, [f"data: lacks {name}"])
        if data[name] is None:
            return None
        answer = self.field_of(response, name, USER)
        return {"id": int(answer["id"]), "email": answer["email"], "name": answer.get("name")}

    # --- what a user holds (1.5) ---------------------------------------------------------------------------------------

    def holdings(self, grant: Grant, failure: AccessError | None = None) -> dict[str, list[dict[str, t.Any]]]:
        """A user's ``products`` and ``subscriptions``. Nothing is created by asking.

        ``failure`` is what a login ended with that was tried before.

        :raises NotFound: where there is no such user.
        """
        try:
            if failure:
                raise failure
            self.tokens.get(grant)
            products, subscriptions = self._lists(grant)
        except AccessError as error:
            if error.code != 404:
                raise
            if not grant.is_given or (self.params["client_id"] and self.params["client_secret"]):
                self._confirm_project()
            raise NotFound("there is no such user", status=error.status, code=error.code) from None
        return {"products": products, "subscriptions": subscriptions}

    def client_works(self) -> bool:
        """Whether the client itself can log in, so that an error is not everybody's; asked once."""
        if not self.capabilities & {_CLIENT_WORKS, _CLIENT_REFUSED}:
            try:
                self.tokens.force_new(self._client_grant("user"))
                self.capabilities.add(_CLIENT_WORKS)
            except AccessError:
                self.capabilities.add(_CLIENT_REFUSED)
        return _CLIENT_WORKS in self.capabilities

    def _confirm_project(self) -> None:
        """Tell a missing user from a wrong project, which may be answered alike, by the client's own login. Its token is cached."""
        try:
            self.tokens.get(self._client_grant("user"))
        except AccessError:
            self.capabilities.add(_CLIENT_REFUSED)
            raise

    def _lists(self, grant: Grant) -> list[list[dict[str, t.Any]]]:
        """Both lists, page by page; whole where the platform does not know the arguments for pages, which nothing documents."""
        found: dict[str, list[dict[str, t.Any]]] = {name: [] for name in _LISTS}
        paged, wanted = True, list(_LISTS)
        while wanted:
            fields = [
                field(name, {"limit": _PAGE, "offset": len(found[name])}, f"items {{ {_LISTS[name]} }} pagination {{ total_count }}")
                if paged
                else field(name, {}, f"items {{ {_LISTS[name]} }}")
                for name in wanted
            ]
            try:
                response = self.send_authorized(self.request(f"query {{ {' '.join(fields)} }}", repeatable=True, fields=len(fields)), grant)
            except GraphQLError as error:
                if not paged or error.code in (401, 403, 404):
                    raise
                paged, wanted, found = False, list(_LISTS), {name: [] for name in _LISTS}
                continue
            wanted = [name for name in wanted if self._add_page(response, name, found[name]) and paged]
        return list(found.values())

    def _add_page(self, response: Response, name: str, found: list[dict[str, t.Any]]) -> bool:
        """Add one page; says whether there is another."""
        page = self.field_of(response, name, HOLDINGS)
        items = page["items"] or []
        for index, item in enumerate(items):
            key = "fulfilment_expires_at" if "product_id" in item else "expires_at"
            try:
                found.append(_holding(item, instant(item.get(key))))
            except AccessError:
                raise self.invalid_response(response, [f"data.{name}.items[{index}].{key}: must be a date and time"]) from None
        total = (page.get("pagination") or {}).get("total_count")
        return bool(items) and total is not None and len(found) < total


def _holding(item: dict[str, t.Any], expires_at: datetime.datetime | None) -> dict[str, t.Any]:
    if "product_id" in item:
        return {"product_id": int(item["product_id"]), "is_fulfilled": bool(item["is_fulfilled"]), "expires_at": expires_at}
    return {"subscription_id": int(item["subscription_id"]), "expires_at": expires_at, "is_valid": bool(item["is_valid"])}


class UserResource:
    """One frontend user, found by e-mail address."""

    def __init__(self, platform: AudiencePlayer, params: t.Mapping[str, t.Any]) -> None:
        self._platform = platform
        self._params = params
        self.label = f"user {User.of(params).email}"
        self.key = platform.user_key(params["user_email"])

    def read(self) -> State:
        return self._platform.user(self._params["user_email"])

    def desired(self, current: State) -> State:
        name = self._params["user_name"]
        if current is None:
            return {"id": None, "email": self._params["user_email"], "name": name}
        return current if name is None else {**current, "name": name}

    def write(self, current: State, wanted: State) -> State:
        if current is None:
            self._platform.create_user(self._params["user_email"], self._params["user_name"], self._params["user_locale"])
            current = self.read()
        name = self._params["user_name"]
        if current and name not in (None, current["name"]):
            self._platform.rename_user(current["id"], name)
            current = self.read()
        return current

    def redacted(self, state: dict[str, t.Any]) -> dict[str, t.Any]:
        return state
