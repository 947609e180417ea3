# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a platform's file in ``_providers/`` fills in, and what all platforms share."""

from __future__ import annotations

import dataclasses
import math
import re
import typing as t

from .._clock import Clock
from .._data.schema import Schema
from .._errors import AccessError, AmbiguousWrite, MissingOption
from .._http.client import Http
from .._http.models import Request, Response, origin_of, root_url
from .._masking.marks import CUT
from .._masking.secrets import Secrets, without_credentials
from .._oauth2.grants import Grant
from .._oauth2.token import Token
from .._oauth2.tokens import Tokens
from .._ratelimit.rate import Rate
from .._store.backend import RateLimit
from .options import access_token_option, common_options

if t.TYPE_CHECKING:
    from .._data.rows import Item

#: Bodies that are no JSON and may say in words what went wrong (see Response.kind).
_IN_WORDS = ("XML", "broken JSON", "text that is no JSON")
_TAG = re.compile(r"<[^<>]*>")
#: How much of a body is read for an error, in characters, and how much of that is quoted.
_MAX_READ, _MAX_QUOTED = 16384, 300
#: An error's name, as opposed to words about it.
_NAME = re.compile(r"[A-Za-z][\w.-]*")


class ManifestList(t.NamedTuple):
    """A list in a section of a manifest: its items take ``options`` of ``module``, of which some are ``required``.

    ``named`` items have a ``name`` under which their credentials are delivered, and may bring connection options of their own.
    More items may come ``from_file``; ``settings`` are options that hold for the whole list. Those that are not
    ``removable`` stay when all that a manifest brought about is revoked. Of each tuple in ``one_of`` an item has exactly one option;
    ``check`` takes all items and the time, and tells what else is wrong with them, each with the item's place before it.
    """

    module: str
    options: tuple[str, ...]
    required: tuple[str, ...] = ()
    named: bool = False
    from_file: bool = False
    settings: tuple[str, ...] = ()
    removable: bool = True
    one_of: tuple[tuple[str, ...], ...] = ()
    check: t.Callable[[t.Iterable[Item], float], t.Iterable[str]] | None = None


class Provider:
    """One platform, for one item. A platform's class sets the attributes and overrides what is its own."""

    #: The name in options, cache and action groups; and the platform's own name, for messages.
    name: t.ClassVar[str]
    title: t.ClassVar[str]
    #: The argument spec of its connection options.
    options: t.ClassVar[dict[str, dict[str, t.Any]]]
    #: The role that provisions its section of a manifest, and the lists that the section may hold.
    role: t.ClassVar[str]
    manifest: t.ClassVar[dict[str, ManifestList]] = {}
    #: Default ``rate_limit`` and ``auth_rate_limit``.
    rate_limit: t.ClassVar[str] = "none"
    auth_rate_limit: t.ClassVar[str] = "none"
    #: Whether what it is asked for takes a token.
    has_tokens: t.ClassVar[bool] = True
    #: Whether it can end a token's life before it expires.
    revokes: t.ClassVar[bool] = False
    #: What a user can do about an HTTP status, or an error that the platform names so; and where it concerns a login.
    hints: t.ClassVar[dict[int | str, str]] = {}
    login_hints: t.ClassVar[dict[int | str, str]] = {}

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        self.params = params
        self.url = root_url(self.require("url"))
        # Set by whoever opens the platform for an item (see _access.Access).
        self.http: Http
        self.tokens: Tokens
        self.secrets: Secrets
        self.clock: Clock
        self.warn: t.Callable[[str], None]
        #: What has been found out about the platform, for all jobs of a task.
        self.capabilities: set[str] = set()

    @classmethod
    def argument_spec(cls) -> dict[str, dict[str, t.Any]]:
        """Every option that all of the platform's modules take."""
        token = access_token_option() if cls.has_tokens else {}
        return {**common_options(cls.rate_limit, cls.auth_rate_limit), **token, **cls.options}

    # --- to be overridden ---------------------------------------------------------------------------------------------

    def grant(self) -> Grant:
        """How a token is obtained with the item's options; see :meth:`preferred_grant`.

        :raises AccessError: where credentials are missing.
        """
        raise AccessError("it has no tokens")

    def obtain(self, grant: Grant) -> Token:
        """Log in."""
        raise AccessError("it has no tokens")

    def obtain_many(self, grants: t.Sequence[Grant]) -> dict[Grant, Token | AccessError]:
        """Log in for several grants, each with its own outcome; in as few requests as the platform allows."""
        outcomes: dict[Grant, Token | AccessError] = {}
        for grant in grants:
            try:
                outcomes[grant] = self.obtain(grant)
            except AccessError as error:
                outcomes[grant] = error
        return outcomes

    def refresh(self, grant: Grant, token: Token) -> Token | None:
        return None

    def revocation(self, token: Token) -> Request | None:
        """The request that ends a token's life, where the platform has one."""
        return None

    def revoke(self, token: Token) -> None:
        """End a token's life; one that the platform does not know any more has ended already."""
        request = self.revocation(token)
        try:
            if request:
                self.send(request)
        except AccessError as error:
            if not error.stale_token:
                raise

    def revocation_recipe(self, token: Token) -> dict[str, t.Any] | None:
        """The same for those who find the token in the cache and know no platform: the request and the limits it counts towards."""
        request = self.revocation(token)
        if not request:
            return None
        return {"request": dataclasses.asdict(request), "slots": [(name, dataclasses.astuple(rate)) for name, rate in self.rate_limits_for(request)]}

    def accepted_for(self, token: Token) -> float:
        """Seconds for which the platform itself says that it accepts a cached token, where it can be asked; 0 where it does not."""
        return math.inf

    def token_identity(self) -> list[str]:
        return [self.name, self.url]

    def rate_limit_subject(self) -> str:
        """What the platform counts its rate limits by, beside the origin."""
        return ""

    def authorize(self, request: Request, token: Token) -> Request:
        """The request with the token in it."""
        return dataclasses.replace(request, headers={**request.headers, "Authorization": f"Bearer {token.access_token}"})

    def parse(self, response: Response) -> t.Any:
        """An answer's body as data.

        :raises ValueError: where it is not in a format that the platform speaks.
        """
        return response.json()

    def is_rate_limited(self, response: Response) -> bool:
        """Whether an answer says that there were too many requests, so that this one was not carried out."""
        return response.status == 429

    def is_definitive_refusal(self, response: Response) -> bool:
        """Whether an answer with a 5xx status is the platform's considered word: not carried out, and no use to repeat as it is."""
        return False

    def failure(self, response: Response) -> AccessError | None:
        """What an answer says went wrong; None where it says success."""
        return None if response.ok else self.error_for(response)

    # --- shared ---------------------------------------------------------------------------------------------------------

    def require(self, *names: str) -> t.Any:
        """The values of options that this request cannot do without; one name gives one value.

        :raises MissingOption: naming what is missing and where it can come from.
        """
        missing = [name for name in names if self.params.get(name) in (None, "")]
        if missing:
            spec = self.argument_spec()
            variables = [spec[name]["fallback"][1][0] for name in missing if name in spec and "fallback" in spec[name]]
            raise MissingOption(f"{' and '.join(missing)} must be given" + (f" (or the environment variable {' and '.join(variables)})" if variables else ""))
        values = [self.params[name] for name in names]
        return values[0] if len(values) == 1 else values

    def preferred_grant(self) -> Grant:
        """The item's grant: the ``access_token`` that was given, else the platform's own, which also stands in for a given one that expires too soon."""
        grant = self.supplied_grant()
        return grant if not grant.is_given or self.tokens.cached(grant) else self.credential_grant() or grant

    def supplied_grant(self) -> Grant:
        """That of the ``access_token`` that was given, however old it is, else the platform's own."""
        given = self.params.get("access_token")
        return Grant.given(given) if given else self.grant()

    def credential_grant(self) -> Grant | None:
        """The platform's own grant; None where there are no credentials."""
        try:
            return self.grant()
        except AccessError:
            return None

    def rate_limits_for(self, request: Request) -> list[RateLimit]:
        """The rate limits that a request counts towards."""
        limits = [("all", "rate_limit")] + ([("auth", "auth_rate_limit")] if request.authenticates else [])
        rate_limits = []
        for kind, option in limits:
            rate = Rate.parse(self.params[option], option)
            if rate:
                rate = dataclasses.replace(rate, cost=min(request.cost, rate.count))
                rate_limits.append(("\n".join((self.name, origin_of(request.url), self.rate_limit_subject(), kind)), rate))
        return rate_limits

    def send(self, request: Request) -> Response:
        """Send a request, and return the answer if it says success.

        :raises AccessError: what :meth:`failure` makes of it.
        """
        return self._raise_for_error(self.http.send(request))

    def _raise_for_error(self, response: Response, expected: t.Container[int] = ()) -> Response:
        error = None if response.status in expected else self.failure(response)
        if error:
            raise error
        return response

    def send_authorized(self, request: Request, grant: Grant | None = None, expected: t.Sequence[int] | None = None) -> Response:
        """Send a request with a token; one that the platform rejects is replaced once.

        With ``expected``, an answer with another HTTP status is a failure, and one with these is not.
        """
        grant = grant or self.preferred_grant()
        token = self.tokens.get(grant)
        response = self.http.send(self.authorize(request, token))
        error = self.failure(response)
        if error and error.stale_token:
            try:
                grant = self.grant_after(grant, error)
            except AccessError:
                if response.status not in (expected or ()):
                    raise
                return response
            response = self.http.send(self.authorize(request, self.tokens.replace(grant, token)))
        if expected and response.status not in expected:
            error = self.error_for(response)
            error.message += f". Expected is {' or '.join(map(str, expected))}"
            raise error
        return self._raise_for_error(response, expected or ())

    def grant_after(self, rejected: Grant, error: AccessError) -> Grant:
        """The grant to go on with when a token is rejected: that of the credentials beside a token that was given.

        :raises AccessError: where there are none.
        """
        grant = self.credential_grant() if rejected.is_given else rejected
        if grant:
            return grant
        raise AccessError(
            "the access_token that was given is rejected: it is expired, revoked or for another installation. Give a newer one, or credentials",
            status=error.status,
            code=error.code,
        )

    def read(self, response: Response, schema: Schema) -> t.Any:
        """An answer's JSON, checked.

        :raises AccessError: naming the field that doesn't fit (:class:`AmbiguousWrite` where the request was a write).
        """
        try:
            data = self.parse(response)
            problems = schema.problems(data)
        except ValueError:
            problems = [f"it is {response.kind}"]
        if problems:
            raise self.invalid_response(response, problems)
        return data

    def invalid_response(self, response: Response, problems: t.Sequence[str]) -> AccessError:
        """The failure for an answer that is not what the platform's documents describe."""
        request = response.request
        message = f"the answer to {request.label} is not what was expected ({'; '.join(problems[:3])}). Check that url points to the platform's API"
        if request.safe_to_repeat:
            return AccessError(message, status=response.status)
        return AmbiguousWrite(message, status=response.status, creates=request.creates)

    def error_text(self, response: Response) -> tuple[str | int | None, str]:
        """The code and the words of an error body, fit to be shown."""
        try:
            code, words = read_error(self.parse(response))
        except ValueError:
            code, words = None, ""
        if words or response.kind not in _IN_WORDS:
            return (self.quoted(code) if isinstance(code, str) else code), self.quoted(words)
        # What cannot be parsed may be the beginning of an answer, and end with a part of a credential.
        return code, self.quoted(response.text + CUT, is_page=True).rstrip(f" {CUT}")

    def quoted(self, text: str, is_page: bool = False) -> str:
        """A platform's words as a message quotes them: in one line, and without secrets, which could not be recognized any more in a part."""
        text = self.secrets.scrub(text if len(text) <= _MAX_READ else text[:_MAX_READ] + CUT)
        text = without_credentials(text)
        return _one_line(_TAG.sub(" ", text) if is_page else text)

    def error_for(self, response: Response) -> AccessError:
        """A failure with the platform's own words, as far as they can be read."""
        code, text = self.error_text(response)
        message = f"{response.request.label} was answered with HTTP {response.status}" + (f": {text}" if text else f" and {response.kind}")
        return AccessError(self.with_hint(message, response, code), status=response.status, code=code, stale_token=response.status == 401)

    def with_hint(self, message: str, response: Response, code: str | int | None) -> str:
        """A message about an answer, with what a user can do."""
        hints = {**self.hints, **(self.login_hints if response.request.authenticates else {})}
        later = "It may be for a while only: try again later" if response.status >= 500 else ""
        hint = hints.get(code or "") or hints.get(response.status, later)
        return f"{message.rstrip('.')}. {hint}" if hint else message


def read_error(body: t.Any) -> tuple[str | int | None, str]:
    """The code and the words of an error body in one of the usual shapes (RFC 6749 5.2, Spring, AWS, GraphQL)."""
    if isinstance(body, dict):
        errors = body.get("errors")
        if errors:
            body = errors[0] if isinstance(errors, list) else errors
    if not isinstance(body, dict):
        return None, body if isinstance(body, str) else ""
    words = [body[key] for key in ("error_description", "message", "Message", "error") if isinstance(body.get(key), str) and body[key]]
    codes = [body.get("code"), body.get("errorCode")]
    if isinstance(body.get("extensions"), dict):
        codes.append(body["extensions"].get("code"))
    if len(words) > 1 or _NAME.fullmatch(str(body.get("error"))):
        codes.append(body.get("error"))
    code = next((code for code in codes if isinstance(code, (str, int)) and not isinstance(code, bool)), None)
    return code, words[0] if words else ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + CUT
