# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP that is paced, repeated only where that is safe, and fails without a secret in the message."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import random
import typing as t
from urllib.parse import urljoin, urlsplit

from .._clock import Clock
from .._errors import AccessError, AmbiguousWrite
from .._ratelimit.budget import WaitBudget
from .._store.backend import Pace, RateLimit
from .models import FOREIGN, ConnectionOptions, NoAnswer, Request, Response, bare_url, origin_of

_FAILED_ON_THE_WAY = frozenset((408, 500, 502, 503, 504))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MAX_REDIRECTS = 5
_LONGEST_BACKOFF = 60.0
_LONGEST_WAIT = 1e9  # seconds: what asks for more says the same


class ResponseRules(t.Protocol):
    """How a platform's answers are told apart."""

    def is_rate_limited(self, response: Response) -> bool: ...

    def is_definitive_refusal(self, response: Response) -> bool: ...

    def find_error(self, response: Response) -> AccessError | None: ...


class Http:
    """Sends requests to one platform for one item."""

    def __init__(
        self,
        options: ConnectionOptions,
        budget: WaitBudget,
        clock: Clock,
        pace: Pace,
        limits_for: t.Callable[[Request], t.Sequence[RateLimit]],
        responses: ResponseRules,
    ) -> None:
        self._options = options
        self._budget = budget
        self._clock = clock
        self._pace = pace
        self._limits_for = limits_for
        self._responses = responses
        self._connections: t.Any = None

    def send(self, request: Request) -> Response:
        """Send a request, waiting for rate limits and repeating it where that is safe.

        Returns any answer that the platform meant to give, whatever its status.

        :raises AmbiguousWrite: where a request that must not be repeated may or may not have been applied.
        :raises WaitTooLong: where a rate limit leaves no time.
        :raises AccessError: where no answer can be had.
        """
        for _redirect in range(_MAX_REDIRECTS + 1):
            response = self._send_repeatedly(request)
            if response.status not in _REDIRECTS:
                return _reject_page(response)
            request = _redirected(request, response)
        raise AccessError(f"{request.label} is redirected without end: check url")

    def _send_repeatedly(self, request: Request) -> Response:
        failures = limited = 0
        send = self._prepared(request)  # before a start is reserved: what takes time must not come between that and the start
        while True:
            self._wait_for_turn(request)
            try:
                response = send()
            except NoAnswer as failure:
                if not failure.may_repeat or failures >= self._options.retries:
                    raise failure.as_error(request) from None
            else:
                announced = response.status == 503 and _retry_after(response, self._clock) is not None and not self._responses.is_definitive_refusal(response)
                if announced or self._responses.is_rate_limited(response):
                    self.wait_for_limit(response, limited)
                    limited += 1
                    continue
                if response.status not in _FAILED_ON_THE_WAY or self._responses.is_definitive_refusal(response):
                    return response
                if not request.safe_to_repeat:
                    message = f"{request.label} was answered with HTTP {response.status}, which leaves open whether it was applied"
                    raise AmbiguousWrite(message, creates=request.creates, **self._codes(response))
                if failures >= self._options.retries:
                    return response
            self._clock.sleep(0.25 * 2**failures * (0.8 + 0.4 * random.random()))  # noqa: S311 - spreads repeats, decides nothing
            failures += 1

    def _wait_for_turn(self, request: Request) -> None:
        rate_limits = self._limits_for(request)
        if rate_limits:
            wait = self._pace.reserve(rate_limits, self._budget)
            self._budget.wait(wait, "the rate limit")

    def wait_for_limit(self, response: Response, times: int = 0) -> None:
        """Wait as long as an answer that speaks of too many requests asks for, else longer each time; and have everybody wait.

        :raises WaitTooLong: where max_wait does not allow it.
        :raises AmbiguousWrite: where the request may have been carried out, and must not be repeated.
        """
        request = response.request
        wait = _retry_after(response, self._clock) or min(2.0**times, _LONGEST_BACKOFF)
        reason = f"{request.label} was answered with HTTP {response.status} (too many requests, or out of service)"
        if wait > self._budget.left:
            raise self._budget.exceeded(wait, reason, **self._codes(response))
        rate_limits = self._limits_for(request)
        if rate_limits:
            self._pace.block_until(rate_limits, self._clock.now() + wait)
        if response.status == 503 and not request.safe_to_repeat:
            raise AmbiguousWrite(reason, wait=wait, creates=request.creates, **self._codes(response))
        self._budget.wait(wait, reason)

    def _codes(self, response: Response) -> dict[str, t.Any]:
        """The HTTP status of an answer, and the platform's own code."""
        error = self._responses.find_error(response)
        return {"status": response.status, "code": error.code if error else None}

    def _prepared(self, request: Request) -> t.Callable[[], Response]:
        """What sends the request once, with all that can be done beforehand done."""
        if self._connections is None:
            # Imported here, as a cached token takes no HTTP.
            from .connection import Connections

            self._connections = Connections(self._options)
        prepared: t.Callable[[], Response] = self._connections.prepare(request)
        return prepared


def _reject_page(response: Response) -> Response:
    """The answer, unless it is a web page with the status of a success where nobody would see that."""
    request = response.request
    if not (request.reject_html and response.ok and response.kind == "an HTML page"):
        return response
    raise request.failure(f"{request.label} was answered with an HTML page. Check that url points to the platform's API", status=response.status)


def _redirected(request: Request, response: Response) -> Request:
    """Follow a redirect of a read within its origin; credentials go nowhere else."""
    location = response.headers.get("location", "")
    try:
        target = urljoin(request.url, location)
        at_home = origin_of(target) == origin_of(request.url)
        # A path elsewhere may have credentials cut out of a query in it.
        place = bare_url(target) if at_home else origin_of(target)
        # Libraries differ in how they read a URL with a user or a backslash, and only one of them decides where it is sent.
        plain = not FOREIGN.search(target) and "@" not in urlsplit(target).netloc
    except ValueError:
        place, plain, at_home = "an address that is none", False, False
    if request.reads and location and plain and at_home:
        return dataclasses.replace(request, url=target, query=None)
    raise request.failure(
        f"{request.label} was redirected to {place} (HTTP {response.status}), and credentials are not sent there. If that is right, set url to it",
        status=response.status,
    )


def _retry_after(response: Response, clock: Clock) -> float | None:
    """Seconds that Retry-After asks to wait (RFC 9110, section 10.2.3: seconds or a date); None where it says nothing readable."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        date = email.utils.parsedate_to_datetime(value)
        # The obsolete form of asctime names no zone: it is UTC, like the others (RFC 9110, section 5.6.7).
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp() - clock.now())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
