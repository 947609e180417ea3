# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: the GraphQL endpoints of the user scope and the admin scope."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute_sync
from starlette.responses import HTMLResponse, Response

from ...messages import JSONResponse, PlatformRequest
from ...routing import Endpoint, Operation
from ...state import format_time
from ...switches import choice, number, optional_number
from ..base import Credential, Platform
from .caller import SCOPES, Caller, OperationError
from .query import Query, validate_query
from .resolvers import Resolvers
from .schema import build_variant
from .users import Users

PROJECT = 111
LOGINS = {"ClientAuthenticate", "ClientUserAuthenticate", "UserAuthenticate"}
PATH = "/graphql/{project}/{scope}"
DAY, YEAR = 86400, 365 * 86400


class AudiencePlayer(Platform):
    name = "audienceplayer"
    title = "AudiencePlayer"
    rate_limit = "120/minute"
    auth_rate_limit = "20/minute"
    credentials = (
        Credential("project_id", str(PROJECT)),
        Credential("client_id / client_secret (user scope)", "222 / user-scope-secret"),
        Credential("client_id / client_secret (admin scope)", "333 / admin-scope-secret"),
        Credential(
            "users (email / password)", "alice@example.com / alice-password, bob@... / bob-..., carol@... / carol-..."
        ),
        Credential("administrator (email / password)", "admin@example.com / admin-password"),
        Credential("products, subscriptions", "444, 445 (445 ends after 30 days); 555, 556"),
    )
    own_switches = (
        choice(
            "error_status", "200|http", "HTTP status of a response with errors; `http`: the code of the first error."
        ),
        choice(
            "error_code_place",
            "code|extensions|both|none",
            "Place of an error's code: at the top level of the error, under `extensions`, both, or none.",
        ),
        choice("error_path", "yes|no", "Whether errors have `path` and `locations`."),
        choice(
            "error_data",
            "partial|null|absent",
            "`data` beside errors: the successful fields, null, or absent. Successful mutations are never undone.",
        ),
        choice(
            "manage_result",
            "true|false|null|string|refused",
            "Result of an entitlement mutation; `refused`: false, and nothing is changed.",
        ),
        choice("ids", "int|string", "JSON type of IDs in responses."),
        choice(
            "arguments",
            "required|optional|scalars",
            "Declared types of arguments: String!, String, or String! and the scalars DateTime and Email.",
        ),
        choice(
            "date_format", "z|offset|space", "Format of timestamps in responses: Z, +00:00, or `YYYY-MM-DD HH:MM:SS`."
        ),
        choice(
            "date_input",
            "strict|iso",
            "Accepted formats of `expires_at`: only YYYY-MM-DDTHH:MM:SSZ, or any ISO 8601 timestamp.",
        ),
        choice("ended_subscriptions", "absent|present", "Whether lists include subscriptions that have ended."),
        choice("revoked_products", "absent|present", "Whether lists include revoked products (not fulfilled)."),
        choice(
            "expired_products", "unfulfilled|fulfilled", "`is_fulfilled` of a product whose fulfilment has expired."
        ),
        choice("suspended_valid", "yes|no", "`is_valid` of a suspended subscription."),
        choice(
            "list_pagination",
            "yes|no",
            "Whether lists have the arguments `limit`, `offset` and so on, and the field `pagination`.",
        ),
        optional_number("page_size", 25, "Page size of a list if no limit is given."),
        optional_number("max_limit", 100, "Maximum page size of a list; a higher `limit` is reduced to it."),
        choice(
            "client_user_holdings",
            "absent|lists|pages",
            "Whether ClientUser has the user's products and subscriptions: not at all, as complete lists "
            "(`user_products`), or as pages (`products`, with `limit` and `offset`).",
        ),
        choice("catalog_token", "optional|required", "Whether the catalog requires an access token."),
        choice("missing_user", "error|null", "ClientUser of an unknown user: null with error 404, or only null."),
        choice(
            "revoke_missing",
            "noop|404",
            "Result of revoking an entitlement that the user does not have: success, or an error.",
        ),
        choice(
            "revoke_expires_at",
            "optional|required",
            "Whether revoking a subscription requires the argument `expires_at` (which may be null).",
        ),
        choice(
            "fulfil_again",
            "ok|409|3800|3201",
            "Result of fulfilling an entitlement that the user already has: success, or an error with this code.",
        ),
        choice("email_case", "ignored|significant", "Whether letter case is significant in e-mail addresses."),
        choice("auth_sets_name", "no|yes", "Whether ClientUserAuthenticate changes the name of an existing user."),
        choice("expires_in", "given|absent", "Whether a token response has `expires_in`; `absent`: null."),
        number("token_lifetime", 3600, "Lifetime of a token issued to a client, in seconds."),
        number("password_token_lifetime", 315360000, "Lifetime of a token issued by UserAuthenticate, in seconds."),
        choice(
            "limit_counts",
            "request|field",
            "Unit of the rate limits: requests, or top-level fields (every alias counts).",
        ),
        choice("limit_status", "429|200", "HTTP status if a rate limit is exceeded."),
        choice("limit_body", "graphql|message|html|empty", "Body of the response if a rate limit is exceeded."),
        choice("get_requests", "yes|no", "Whether GET requests (the webhook format) are accepted."),
        choice(
            "introspection",
            "yes|no|token",
            "Whether introspection of the schema is allowed; `token`: only with an access token.",
        ),
    )

    # State

    def initial_state(self) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "project_id": PROJECT,
            "clients": [
                {"client_id": "222", "client_secret": "user-scope-secret", "scope": "user", "user_id": 2},
                {"client_id": "333", "client_secret": "admin-scope-secret", "scope": "admin", "user_id": 1},
            ],
            "products": [{"id": 444, "title": "Film", "days": None}, {"id": 445, "title": "Rental", "days": 30}],
            "articles": [
                {
                    "id": 9001,
                    "name": "Film",
                    "url_slug": "film",
                    "type": "film",
                    "category_id": 8001,
                    "product_ids": [444, 445],
                    "assets": [{"id": 9101, "linked_type": "film"}],
                }
            ],
            "categories": [{"id": 8001, "name": "Films", "url_slug": "films", "parent_id": None}],
            "pages": [
                {
                    "id": 7,
                    "name": "home",
                    "full_url_slug": "home",
                    "type": "page",
                    "title": "Home",
                    "components": [],
                }
            ],
            "pairing_codes": ["ABC123"],
            "vouchers": [{"code": "SANDBOX", "description": "The film for free", "product_id": 444}],
            "subscriptions": [{"id": 555, "title": "Monthly"}, {"id": 556, "title": "Yearly"}],
            "users": [
                {
                    "id": 1,
                    "email": "admin@example.com",
                    "name": "Administrator",
                    "password": "admin-password",
                    "admin": True,
                },
                {"id": 2, "email": "integration@example.com", "name": "Integration"},
                {"id": 1001, "email": "alice@example.com", "name": "Alice", "password": "alice-password"},
                {
                    "id": 1002,
                    "email": "bob@example.com",
                    "name": "Bob",
                    "password": "bob-password",
                    "products": [{"id": 5001, "product_id": 444}],
                    "subscriptions": [
                        {
                            "id": 6001,
                            "subscription_id": 555,
                            "expires_at": format_time(now + YEAR),
                            "acquired_at": format_time(now),
                        }
                    ],
                },
                {
                    "id": 1003,
                    "email": "carol@example.com",
                    "name": "Carol",
                    "password": "carol-password",
                    "subscriptions": [
                        {
                            "id": 6002,
                            "subscription_id": 556,
                            "expires_at": format_time(now - DAY),
                            "acquired_at": format_time(now - YEAR),
                        }
                    ],
                },
            ],
        }

    def index_state(self) -> None:
        self.users = Users(self.data["users"], self.clock.now())

    # Requests

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        # find_operation puts a handler with the parsed query in place of this one.
        return {"audienceplayer": [Endpoint(path, self.refuse_path, "GET", "POST") for path in (PATH, PATH + "/")]}

    def find_operation(self, prefix: str, request: PlatformRequest) -> Operation:
        operation = super().find_operation(prefix, request)
        if request.path_params.get("scope") not in SCOPES:
            return operation
        query = Query(request)
        logins = sum(name in LOGINS for name in query.fields)
        operation.handler = partial(self.execute, query=query)
        operation.fields = query.fields
        operation.auth = operation.login = logins > 0
        if self.switch("limit_counts") == "field":
            operation.cost, operation.auth_cost = max(1, len(query.fields)), logins
        return operation

    def execute(self, request: PlatformRequest, query: Query) -> Response:
        if request.path_params["project"] != str(self.data["project_id"]):
            return self.error_response(request, 404, "project", "Project not found")
        if query.document is None:
            return self._format(ExecutionResult(None, [query.error or GraphQLError("No query")]))
        if request.method == "GET" and self.switch("get_requests") == "no":
            return self.error_response(request, 405, "method", "GET is not allowed")
        scope = request.path_params["scope"]
        schema = self._schema(scope)
        errors = validate_query(schema, query.text)
        caller = Caller(self, self.users, scope, request.bearer_token())
        if any(name.startswith("__") for name in query.fields):
            errors = errors or self._refuse_introspection(caller)
        if errors:
            return self._format(ExecutionResult(None, errors))
        resolvers = Resolvers(self, self.users, caller)
        result = execute_sync(
            schema,
            query.document,
            root_value=resolvers.by_field(),
            variable_values=query.variables,
            operation_name=query.operation_name,
        )
        return self._format(result)

    def _refuse_introspection(self, caller: Caller) -> list[GraphQLError]:
        if self.switch("introspection") == "no":
            return [GraphQLError("Introspection is not allowed")]
        try:
            if self.switch("introspection") == "token":
                caller.check_token()
        except OperationError as error:
            return [GraphQLError(str(error), original_error=error)]
        return []

    def client_key(self, request: PlatformRequest) -> str:
        """Return a fingerprint of the client: the platform counts by address, user agent and forwarding."""
        return "\n".join(
            (request.client_address, request.headers.get("user-agent", ""), request.headers.get("x-forwarded-for", ""))
        )

    def _schema(self, scope: str) -> GraphQLSchema:
        return build_variant(
            scope,
            *(
                self.switch(name)
                for name in ("ids", "arguments", "manage_result", "list_pagination", "client_user_holdings")
            ),
        )

    # Responses

    def _format(self, result: ExecutionResult) -> Response:
        if not result.errors:
            return JSONResponse({"data": result.data})
        codes = [_error_code(error) for error in result.errors]
        body: dict[str, Any] = {
            "errors": [self._format_error(error, code) for error, code in zip(result.errors, codes, strict=True)]
        }
        if result.data is not None and self.switch("error_data") != "absent":
            body["data"] = None if self.switch("error_data") == "null" else result.data
        return JSONResponse(
            body, (codes[0] if 400 <= codes[0] < 600 else 400) if self.switch("error_status") == "http" else 200
        )

    def _format_error(self, error: GraphQLError, code: int) -> dict[str, Any]:
        item: dict[str, Any] = {"message": error.message}
        if self.switch("error_code_place") in ("code", "both"):
            item["code"] = code
        if self.switch("error_code_place") in ("extensions", "both"):
            item["extensions"] = {"code": code}
        if self.switch("error_path") == "yes":
            if error.path:
                item["path"] = error.path
            item["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or []]
        return item

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        response = self._format(
            ExecutionResult(None, [GraphQLError(text, original_error=OperationError(status, text))])
        )
        response.status_code = (
            status if self.switch("error_status") == "http" or code in ("not_found", "method_not_allowed") else 200
        )
        return response

    def limit_response(self, request: PlatformRequest) -> Response:
        text, status = "Too Many Attempts.", int(self.switch("limit_status"))
        match self.switch("limit_body"):
            case "message":
                return JSONResponse({"message": text}, status)
            case "html":
                return HTMLResponse(f"<html><head><title>{text}</title></head><body>{text}</body></html>", status)
            case "empty":
                return Response(status_code=status)
        response = self.error_response(request, 429, "limit", text)
        response.status_code = status
        return response


def _error_code(error: GraphQLError) -> int:
    """Return AudiencePlayer's code: that of the operation, 500 if the sandbox is at fault, 400 if the query is."""
    cause = error.original_error
    if isinstance(cause, OperationError):
        return cause.code
    return 500 if cause and not isinstance(cause, GraphQLError) else 400
