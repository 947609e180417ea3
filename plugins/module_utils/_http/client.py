# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP client that respects rate limits, repeats only safe requests, and keeps secrets out of its errors."""

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
from .models import FORBIDDEN_IN_URL, ConnectionOptions, NoAnswer, Request, Response, bare_url, origin_of

_TRANSIENT_STATUSES = frozenset((408, 500, 502, 503, 504))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MAX_REDIRECTS = 5
_MAX_BACKOFF = 60.0
_MAX_WAIT = 1e9  # seconds; a longer Retry-After makes no difference


class ResponseRules(t.Protocol):
    """Classifies a platform's responses."""

    def is_rate_limited(self, response: Response) -> bool: ...

    def is_definitive_refusal(self, response: Response) -> bool: ...

    def find_error(self, response: Response) -> AccessError | None: ...


class Http:
    """Sends the requests of one item to a platform."""

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
        """Send a request, waiting for rate limits and repeating it if that is safe.

        Returns any response that the platform intended, whatever its status.

        :raises AmbiguousWrite: if it is unknown whether a request that must not be repeated was applied.
        :raises WaitTooLong: if waiting for a rate limit would exceed ``max_wait``.
        :raises AccessError: if there is no response.
        """
        for _redirect in range(_MAX_REDIRECTS + 1):
            response = self._send_repeatedly(request)
            if response.status not in _REDIRECTS:
                return _reject_page(response)
            request = _follow_redirect(request, response)
        raise AccessError(f"{request.label} was redirected more than {_MAX_REDIRECTS} times. Check url")

    def _send_repeatedly(self, request: Request) -> Response:
        failures = limited = 0
        sent_before = self._budget.counts.requests
        send = self._prepare(request)  # before a start is reserved, so that preparation does not delay the start
        while True:
            self._wait_for_turn(request)
            if request.sign:
                send = self._prepare(request.sign(request))
            try:
                response = self._send_once(request, send, sent_before)
            except NoAnswer as failure:
                if not failure.may_repeat or failures >= self._options.retries:
                    raise failure.as_error(request) from None
            else:
                if self._responses.is_rate_limited(response) or self._is_unavailable(response):
                    self.wait_for_limit(response, limited)
                    limited += 1
                    continue
                if response.status not in _TRANSIENT_STATUSES or self._responses.is_definitive_refusal(response):
                    return response
                if not request.safe_to_repeat:
                    message = f"{request.label} was answered with HTTP {response.status}, so the outcome is unknown"
                    raise AmbiguousWrite(message, creates=request.creates, **self._codes(response))
                if failures >= self._options.retries:
                    return response
            self._clock.sleep(0.25 * 2**failures * (0.8 + 0.4 * random.random()))  # noqa: S311 - jitter, not security
            failures += 1

    def _send_once(self, request: Request, send: t.Callable[[], Response], sent_before: int) -> Response:
        """Send a request and count it, unless it certainly did not arrive. It is a repeat if more requests were counted
        than ``sent_before``.
        """
        counts, arrived, limited = self._budget.counts, True, False
        try:
            response = send()
            limited = response.status == 429 or self._responses.is_rate_limited(response)
        except NoAnswer as failure:
            arrived = failure.sent
            raise
        except AccessError:
            arrived = False
            raise
        finally:  # also if the task exceeds its timeout
            if arrived:
                counts.add_request(
                    requests_token=request.requests_token, repeated=counts.requests > sent_before, limited=limited
                )
        return response

    def _is_unavailable(self, response: Response) -> bool:
        """Whether the platform is unavailable for the time that Retry-After states."""
        announced = response.status == 503 and _parse_retry_after(response, self._clock) is not None
        return announced and not self._responses.is_definitive_refusal(response)

    def _wait_for_turn(self, request: Request) -> None:
        rate_limits = self._limits_for(request)
        if rate_limits:
            wait = self._pace.reserve(rate_limits, self._budget)
            self._budget.wait_for_limit(wait, "the rate limit")

    def wait_for_limit(self, response: Response, times: int = 0) -> None:
        """Wait as long as a rate-limited response requests, else with exponential backoff; all processes that share the
        limit wait.

        :raises WaitTooLong: if ``max_wait`` does not allow it.
        :raises AmbiguousWrite: if the request may have been applied and must not be repeated.
        """
        request = response.request
        wait = _parse_retry_after(response, self._clock) or min(2.0**times, _MAX_BACKOFF)
        reason = f"{request.label} was answered with HTTP {response.status} (too many requests, or service unavailable)"
        is_ambiguous = response.status == 503 and not request.safe_to_repeat
        is_too_long = wait > self._budget.left
        if is_too_long and not is_ambiguous:
            raise self._budget.exceeded(wait, reason, **self._codes(response))
        rate_limits = self._limits_for(request)
        if rate_limits and not is_too_long:
            self._pace.block_until(rate_limits, self._clock.now() + wait)
        if is_ambiguous:
            raise AmbiguousWrite(reason, wait=wait, creates=request.creates, **self._codes(response))
        self._budget.wait_for_limit(wait, reason)

    def _codes(self, response: Response) -> dict[str, t.Any]:
        """The HTTP status of a response and the platform's own error code."""
        error = self._responses.find_error(response)
        return {"status": response.status, "code": error.code if error else None}

    def _prepare(self, request: Request) -> t.Callable[[], Response]:
        """Prepare a request, and return a function that sends it once."""
        if self._connections is None:
            # Imported here, because serving a cached token needs no HTTP.
            from .connection import Connections

            self._connections = Connections(self._options)
        send: t.Callable[[], Response] = self._connections.prepare(request)
        return send


def _reject_page(response: Response) -> Response:
    """Return the response, unless it is a web page with a success status that the caller would not notice."""
    request = response.request
    if not (request.reject_html and response.ok and response.kind == "an HTML page"):
        return response
    raise request.failure(
        f"{request.label} was answered with an HTML page. Check that url points to the platform's API",
        status=response.status,
    )


def _follow_redirect(request: Request, response: Response) -> Request:
    """Follow the redirect of a read within its origin; credentials are never sent anywhere else."""
    location = response.headers.get("location", "")
    try:
        target = urljoin(request.url, location)
        same_origin = origin_of(target) == origin_of(request.url)
        # The path of another origin may contain credentials from a query.
        place = bare_url(target) if same_origin else origin_of(target)
        # Libraries disagree on the host of a URL with user information or a backslash, and only one of them decides
        # where the request goes.
        plain = not FORBIDDEN_IN_URL.search(target) and "@" not in urlsplit(target).netloc
    except ValueError:
        place, plain, same_origin = "an invalid URL", False, False
    if request.reads and location and plain and same_origin:
        return dataclasses.replace(request, url=target, query=None)
    raise request.failure(
        f"{request.label} was redirected to {place} (HTTP {response.status}), but credentials are not sent there. If "
        "the address is correct, set it in the option that the redirected URL comes from, such as url or token_url",
        status=response.status,
    )


def _parse_retry_after(response: Response, clock: Clock) -> float | None:
    """Parse Retry-After (RFC 9110, section 10.2.3: seconds or a date) into seconds to wait; None if it is missing or
    invalid.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_WAIT)
    try:
        date = email.utils.parsedate_to_datetime(value)
        # The obsolete asctime format has no time zone; it is UTC like the others (RFC 9110, section 5.6.7).
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp() - clock.now())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
