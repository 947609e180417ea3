# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the matrix: the faults, and the expected outcome for each kind of request."""

from __future__ import annotations

import dataclasses
import typing as t

from scenarios import ASKS, RETRIES, Answer, Ask, Kind, Scenario
from scenarios import TIMEOUT as LONG_TIMEOUT

#: Seconds that Retry-After asks to wait; what no run may wait; what a run waits for an answer that never comes.
SOON, LATE, TIMEOUT = 3, 3600, 0.2
REFUSED = "Refused by the test"
REFUSAL = {"message": REFUSED}
#: The same with the platform's own code, by the platforms that have one beside GraphQL's.
CODE = "refused_by_test"
REFUSALS = {
    **{platform: {**REFUSAL, "code": CODE} for platform in ("flex", "freewheel", "movingimage")},
    **{platform: {"error": CODE, "error_description": REFUSED} for platform in ("oauth2", "playlyfe")},
}

#: The error of an exhausted quota.
QUOTA = "plan_limit_exceeded"

NO_SUCH_ID = "no application has this id"

TOKEN_KINDS = (Kind.TOKEN_READ, Kind.TOKEN_WRITE, Kind.BLIND)
#: Whether a write was applied is read afterwards, so that it is repeated where it was not.
REREAD_KINDS = (Kind.WRITE, Kind.TOKEN_WRITE)
ANSWERED = ("html", "half", "empty", "types", "field", "huge")
#: More than is read.
OVERSIZED = ("endless", "bomb")


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    text: str
    #: As the sandbox takes it; empty where the connection itself is at fault.
    plan: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    for_ever: bool = False
    #: Whether the platform does what it is asked for.
    acts: bool = False
    #: The only platform that answers so.
    platform: str = ""

    @property
    def status(self) -> int:
        """The HTTP status of its answer."""
        return self.plan["status"]

    @property
    def family(self) -> str:
        return self.name.rstrip("0123456789∞>")

    @property
    def is_slow(self) -> bool:
        """Whether no answer comes within timeout."""
        return self.family.startswith(("hang", "late", "drip"))

    @property
    def is_unanswered(self) -> bool:
        return self.is_slow or self.family.startswith(("close", "cut"))


@dataclasses.dataclass(frozen=True)
class Expected:
    """The one right outcome of a cell."""

    ok: bool
    status: int | None = None
    #: How often the fault is met.
    attempts: int = 1
    #: What a failure's message must say.
    words: tuple[str, ...] = ()
    #: Whether it ends at once: no further request, no pause.
    at_once: bool = False
    #: With several items: whether those that follow are not tried any more.
    ends_all: bool = False
    #: The result is right for what the platform said, though not what it would have been without the fault.
    differs: bool = False
    #: Seconds that the run must have waited.
    waits: float = 0.0


OK = Expected(True)


def _fault(name: str, text: str, plan: dict[str, t.Any], **more: t.Any) -> Fault:
    return Fault(name, text, plan, **more)


def _status(status: int, **more: t.Any) -> dict[str, t.Any]:
    return {"fault": "status", "status": status, "body": REFUSAL, **more}


def _errors(code: int, status: int = 200, **more: t.Any) -> dict[str, t.Any]:
    return {"fault": "graphql_errors", "errors": [{"message": REFUSED, "code": code}], "status": status, **more}


def _quota(status: int) -> dict[str, t.Any]:
    body = {"error": QUOTA, "error_description": REFUSED}
    return {"fault": "status", "status": status, "body": body, "headers": {"Retry-After": str(SOON)}}


SERVER_ERRORS = (500, 502, 503, 504)
#: The status of an exhausted quota is not recorded anywhere.
QUOTA_STATUSES = (200, 400, 401, 402, 403, 429, 503)
FAULTS = [
    Fault("refuse", "connection refused"),
    Fault("tls", "certificate of an unknown authority"),
    _fault("hang<", "no response within timeout, nothing done", {"fault": "hang_before", "seconds": 60}),
    _fault("hang>", "no response within timeout, but done", {"fault": "hang_after", "seconds": 60}, acts=True),
    _fault(
        "late",
        "no response within timeout, done one request later",
        {"fault": "late", "seconds": 60, "requests": 1},
        acts=True,
    ),
    _fault(
        "late>",
        "no response within timeout, done when the run is over",
        {"fault": "late", "seconds": 60, "requests": 1000},
        acts=True,
    ),
    _fault("close<", "connection closed, nothing done", {"fault": "close_before"}),
    _fault("close>", "connection closed, but done", {"fault": "close_after"}, acts=True),
    _fault("close∞", "connection closed for ever, nothing done", {"fault": "close_before"}, for_ever=True),
    _fault("cut", "connection closed in the middle of the answer", {"fault": "truncate", "wire": True}, acts=True),
    _fault("401", "HTTP 401", _status(401)),
    _fault("401∞", "HTTP 401 for ever", _status(401), for_ever=True),
    _fault("403", "HTTP 403", _status(403)),
    _fault("404", "HTTP 404", _status(404)),
    _fault("409", "HTTP 409", _status(409)),
    _fault("429 s", f"HTTP 429, Retry-After of {SOON} seconds", _status(429, headers={"Retry-After": str(SOON)})),
    _fault("429 d", "HTTP 429, Retry-After as a date", _status(429, headers={"Retry-After": "date"})),
    _fault("429", "HTTP 429 without Retry-After", _status(429)),
    _fault("429 L", "HTTP 429, Retry-After longer than max_wait", _status(429, headers={"Retry-After": str(LATE)})),
    _fault("429∞", "HTTP 429 for ever", _status(429), for_ever=True),
    _fault("503 s", f"HTTP 503, Retry-After of {SOON} seconds", _status(503, headers={"Retry-After": str(SOON)})),
    *(_fault(f"{status}", f"HTTP {status}, nothing done", _status(status)) for status in SERVER_ERRORS),
    *(
        _fault(f"{status}>", f"HTTP {status}, but done", _status(status, after=True), acts=True)
        for status in SERVER_ERRORS
    ),
    *(_fault(f"{status}∞", f"HTTP {status} for ever", _status(status), for_ever=True) for status in SERVER_ERRORS),
    _fault("html", "HTTP 200 with an HTML page, nothing done", {"fault": "html"}),
    _fault("half", "half of the JSON", {"fault": "truncate"}, acts=True),
    _fault("empty", "empty body", {"fault": "empty"}, acts=True),
    _fault("types", "wrong types", {"fault": "set_field", "field": "*", "value": ["wrong"]}, acts=True),
    _fault("field", "a field is missing", {"fault": "drop_field"}, acts=True),
    _fault(
        "huge",
        "a number of 400 digits in every field",
        {"fault": "set_field", "field": "*", "value": 10**400},
        acts=True,
    ),
    _fault("drip", "the answer drips without end", {"fault": "drip"}, acts=True),
    _fault("endless", "a body without end", {"fault": "endless"}, acts=True),
    _fault("bomb", "a gzip bomb", {"fault": "gzip_bomb"}, acts=True),
    _fault(
        "redir∞", "redirect to another host for ever, nothing done", {"fault": "redirect", "status": 302}, for_ever=True
    ),
    _fault(
        "redir>", "redirect to another host, but done", {"fault": "redirect", "status": 303, "after": True}, acts=True
    ),
    _fault("gql", "GraphQL error 400 in HTTP 200", _errors(400), platform="audienceplayer"),
    _fault("gql 4", "GraphQL error 400 in HTTP 400", _errors(400, 400), platform="audienceplayer"),
    _fault("gql 5", "GraphQL error 422 in HTTP 500", _errors(422, 500), platform="audienceplayer"),
    _fault(
        "gql>",
        "GraphQL error 400 in HTTP 200, but done",
        _errors(400, after=True),
        acts=True,
        platform="audienceplayer",
    ),
    _fault("gql401", "GraphQL error 401 in HTTP 200", _errors(401), platform="audienceplayer"),
    _fault("gql429", "GraphQL error 429 in HTTP 200", _errors(429), platform="audienceplayer"),
    *(
        _fault(
            f"quota{status}", f"exhausted quota as HTTP {status} with Retry-After", _quota(status), platform="playlyfe"
        )
        for status in QUOTA_STATUSES
    ),
]


def applies(fault: Fault, ask: Ask, scenario: Scenario) -> bool:
    """Whether the request can meet this fault."""
    if fault.platform:
        return scenario.platform == fault.platform
    if fault.name in ("half", "empty", "types", "field", "huge", "drip", *OVERSIZED) and ask.answer is Answer.EMPTY:
        return False  # there is no body to change
    if scenario.options.get("accept") == "xml" and fault.name in ("types", "field", "huge"):
        return False
    return fault.name != "field" or ask.field is not None


#: Scenarios that use a cached token as it is, with a warning, if it cannot be verified.
VERIFYING = ("freewheel_token verify", "movingimage_token verify", "oauth2_token verify")


def expected(fault: Fault, scenario: Scenario, position: int, name: str) -> Expected:
    """The expected outcome of a scenario whose request number ``position`` (from 0), called ``name``, meets the fault."""
    special = SPECIAL.get((scenario.name, position, fault.name)) or SPECIAL.get((name, fault.name))
    found = special or _by_kind(fault, ASKS[name], scenario)
    return dataclasses.replace(found, ok=True, status=None, words=()) if scenario.name in VERIFYING else found


#: What a fault leads to, whatever the request is.
OF_ANY_KIND = {
    "refuse": Expected(False, attempts=0, words=("service is running",), ends_all=True),
    "tls": Expected(False, attempts=0, words=("TLS", "certificate", "ca_path"), at_once=True, ends_all=True),
    "429 s": dataclasses.replace(OK, waits=SOON),
    "429 d": dataclasses.replace(OK, waits=SOON - 1),
    "429": dataclasses.replace(OK, waits=1),
    "gql429": dataclasses.replace(OK, waits=1),
    "429 L": Expected(False, 429, words=("max_wait",), at_once=True, ends_all=True),
    "429∞": Expected(
        False, 429, attempts=5, words=("max_wait",), ends_all=True
    ),  # pauses of 1, 2, 4 and 8 seconds, and no time for 16
    **{
        f"quota{status}": Expected(False, status, words=(REFUSED, QUOTA), at_once=True, ends_all=True)
        for status in QUOTA_STATUSES
    },
}


def _by_kind(fault: Fault, ask: Ask, scenario: Scenario) -> Expected:
    if fault.name in OF_ANY_KIND:
        return OF_ANY_KIND[fault.name]
    if ask.kind is Kind.DISCOVERY:
        return _discovery(fault)
    if ask.kind is Kind.CREATE and fault.name not in ("401", "401∞", "403", "404", "409"):
        return _creation(fault)
    if fault.is_unanswered:
        return _unanswered(fault, ask)
    if fault.name in OVERSIZED:
        return _oversized(ask)
    if fault.plan.get("status") in SERVER_ERRORS and fault.plan["fault"] == "status":
        return _server_error(fault, ask)
    if fault.name in ("401", "401∞", "403", "404", "409"):
        return _refused(fault, ask)
    if fault.family == "redir":
        return _redirect(fault, ask)
    if fault.platform == "audienceplayer":
        return _graphql_error(fault, ask, scenario)
    return _odd_answer(fault, ask, scenario)


def _creation(fault: Fault) -> Expected:
    """It is looked for until it shows, for timeout at the most, and then a failure."""
    wait = SOON if fault.name == "503 s" else 0
    if fault.acts and fault.name != "late>":
        return dataclasses.replace(OK, waits=wait)
    status = 200 if fault.name == "html" else fault.plan.get("status")
    wait += TIMEOUT if fault.is_slow else LONG_TIMEOUT
    return Expected(
        False,
        status,
        words=("may have been created", f"{TIMEOUT if fault.is_slow else LONG_TIMEOUT:g} s (timeout)"),
        waits=wait * 0.999,
    )


def _unanswered(fault: Fault, ask: Ask) -> Expected:
    if ask.kind is Kind.BLIND and not (fault.name == "cut" and ask.answer is Answer.EMPTY):
        return Expected(False, words=("outcome is unknown",), at_once=True)
    return Expected(False, attempts=RETRIES + 1, words=("closed",), ends_all=True) if fault.for_ever else OK


def _oversized(ask: Ask) -> Expected:
    """No request is repeated for an answer that would be as large again; a write is settled by reading."""
    if ask.kind in (*REREAD_KINDS, Kind.SETTLED):
        return OK
    return Expected(False, words=("16 MiB", *(["outcome is unknown"] if ask.kind is Kind.BLIND else [])), at_once=True)


def _server_error(fault: Fault, ask: Ask) -> Expected:
    if ask.kind is Kind.BLIND:
        return Expected(
            False,
            fault.status,
            words=("outcome is unknown" if fault.name != "503 s" else "service unavailable",),
            at_once=True,
        )
    if fault.for_ever:
        return Expected(False, fault.status, attempts=RETRIES + 1)
    return dataclasses.replace(OK, waits=SOON if fault.name == "503 s" else 0)


def _refused(fault: Fault, ask: Ask) -> Expected:
    if ask.kind not in TOKEN_KINDS or fault.status != 401:
        return Expected(False, fault.status, at_once=True)
    # One replacement, and no second one.
    return Expected(False, 401, attempts=2) if fault.for_ever else OK


def _redirect(fault: Fault, ask: Ask) -> Expected:
    repeated = ask.kind in (*REREAD_KINDS, Kind.SETTLED)
    if fault.acts and repeated:
        return OK
    return Expected(
        False,
        fault.status,
        RETRIES + 1 if repeated else 1,
        words=("redirected", "credentials are not sent"),
        at_once=not repeated,
    )


def _graphql_error(fault: Fault, ask: Ask, scenario: Scenario) -> Expected:
    if ask.kind is Kind.SETTLED and (fault.acts or (scenario.items and fault.name != "gql401")):
        return OK  # it is held; or the answer does not tell which of several has failed, so that each is written alone
    if fault.name == "gql401":
        return OK if ask.kind in TOKEN_KINDS else Expected(False, 200, words=("401",), at_once=True, ends_all=True)
    if ask in (ASKS["ap lists"], ASKS["ap catalog"]):
        return OK  # perhaps it does not know the arguments for pages: then the lists come whole
    return Expected(False, fault.status, words=(REFUSED,), at_once=True)


def _odd_answer(fault: Fault, ask: Ask, scenario: Scenario) -> Expected:
    """An HTML page, half of the JSON, no body, wrong types, a missing field."""
    if fault.name == "html" and scenario.platform == "movingimage":
        # Its way to say that a token is bad.
        return OK if ask.kind in TOKEN_KINDS else Expected(False, 401, at_once=True)
    form = "XML" if scenario.options.get("accept") == "xml" else "JSON"
    words = {"html": "HTML", "half": form, "empty": "not null", "huge": "number out of range"}.get(fault.name)
    failure = Expected(False, 200, words=(words,) if words else ("unexpected response to",), at_once=True)
    if ask.answer is Answer.AS_IS or (ask.answer is Answer.DATA and fault.name == "field"):
        return dataclasses.replace(OK, differs=True)
    if ask.kind is Kind.BLIND:
        return dataclasses.replace(OK, differs=True) if ask.answer is Answer.EMPTY else failure
    if ask.kind in (*REREAD_KINDS, Kind.SETTLED):
        return OK
    if ask.kind is Kind.UNREAD and fault.name == "field":
        return dataclasses.replace(failure, words=("did not report the outcome",))
    return failure


def _discovery(fault: Fault) -> Expected:
    """Whatever it answers, there is a usual place. Only where nothing is answered at all there is nobody to ask."""
    if fault.name == "close∞":
        return Expected(False, attempts=RETRIES + 1, words=("closed",))
    if fault.name in OVERSIZED:
        return Expected(False, words=("16 MiB",), at_once=True)
    if fault.for_ever and fault.status in SERVER_ERRORS:
        return dataclasses.replace(OK, attempts=RETRIES + 1)
    return dataclasses.replace(OK, waits=SOON if fault.name == "503 s" else 0)


def _special() -> dict[tuple[t.Any, ...], Expected]:
    """What follows from a platform's own meaning of an answer."""
    not_made = Expected(False, words=("did not apply it",), at_once=True)
    dead = dataclasses.replace(OK, differs=True)
    found: dict[tuple[t.Any, ...], Expected] = {}
    for name, status in (("404", 404), ("empty", 200)):  # Flex: so is a missing application answered
        there_is_none = Expected(False, status, words=(NO_SUCH_ID,), at_once=True)
        found["flex one", name] = OK  # the list has it
        for position in (0, 1):
            found["flex_oauth_app rename", position, name] = there_is_none
        found["flex_oauth_app rotate by id", 0, name] = there_is_none
        found["flex_oauth_app rename", 4, name] = found["flex_oauth_app update", 5, name] = not_made
        found["flex_oauth_app rotate with overlap", 5, name] = not_made
        found["flex_oauth_app retire", 1, name] = found["flex_oauth_app retire", 2, name] = dead
        found["flex_oauth_app_info secret", 1, name] = dead
    found["flex delete", "404"] = OK  # read again, it is still there
    for name in ("401", "401∞"):  # FreeWheel: so is a dead token answered, which needs no end
        found["fw revoke", name] = dead
        found["fw info", name] = dead
        found["mi verify", name] = dead
        found["freewheel_token force", 0, name] = OK if name == "401" else dataclasses.replace(dead, attempts=2)
    found["freewheel_token_info", 1, "401"] = OK
    found["freewheel_token_info", 1, "401∞"] = dataclasses.replace(dead, attempts=2)
    found["mi verify", "html"] = dead  # movingimage: so is a dead token answered as well
    # movingimage: a refresh token that is not taken is replaced by a login.
    for name in ("401", "401∞", "403", "404", "409", *ANSWERED, "redir∞", "redir>"):
        found["movingimage_token refresh", 0, name] = OK
    # OAuth 2.0: the same, and the login has the same path; an endpoint has no usual place.
    for name in ("401", "403", "404", "409", *ANSWERED, "redir>"):
        found["oauth2_token refresh", 0, name] = OK
    for name, status in (("401∞", 401), ("redir∞", 302)):
        found["oauth2_token refresh", 0, name] = Expected(False, status, attempts=2)
    found["oa discovery", "field"] = Expected(False, words=("token_url must be given",), at_once=True)
    # Where it is an error that there is nobody, and says so in its own words.
    for scenario, position in (("create", 1), ("create", 2), ("delete", 4)):
        found.update(
            {
                (f"playlyfe_player {scenario}", position, name): Expected(False, 404, at_once=True)
                for name in ("half", "empty", "types", "huge")
            }
        )
        found[f"playlyfe_player {scenario}", position, "field"] = OK
    for scenario, position in (("user create", 0), ("user create", 2), ("entitlement of a new user", 0)):
        found[f"audienceplayer_{scenario}", position, "field"] = OK
    found["audienceplayer_entitlement read by the client", 1, "field"] = Expected(
        False, 200, words=("did not report the user",), at_once=True
    )
    # A schema that may not be seen without a token is asked for with one; one that nobody may see allows nothing.
    found.update({("ap schema", name): OK for name in ("401", "403", "gql401")})
    found["ap schema", "401∞"] = Expected(False, 401, attempts=3)
    found.update(
        {
            ("ap schema", name): Expected(False, words=("read_with: the platform does not allow",), at_once=True)
            for name in ("gql", "gql 4", "gql 5", "gql>")
        }
    )
    found["audienceplayer_prune_info read by the client", 1, "field"] = found[
        "audienceplayer_entitlement read by the client", 1, "field"
    ]
    return found


SPECIAL = _special()
