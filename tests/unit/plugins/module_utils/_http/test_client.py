# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import dataclasses
import time

import pytest
import requests

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._http import client
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request, Response
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.rate import Rate
from ansible_collections.mediaops.access.plugins.module_utils._store.memory import MemoryBackend

URL = "https://api.example.com/v1/items"
READ = Request("GET", URL)
REPEATABLE = Request("POST", URL, json={"a": 1}, repeatable=True)
WRITE = Request("POST", URL, json={"a": 1})
SECRET = "s3cr3t"

SAFE = pytest.mark.parametrize(
    "request_",
    [READ, Request("HEAD", URL), Request("OPTIONS", URL), REPEATABLE],
    ids=["GET", "HEAD", "OPTIONS", "repeatable POST"],
)
UNSAFE = pytest.mark.parametrize(
    "request_",
    [WRITE, Request("PUT", URL), Request("PATCH", URL), Request("DELETE", URL)],
    ids=["POST", "PUT", "PATCH", "DELETE"],
)


def limited(status=429, **headers):
    return {"status": status, "headers": {name.replace("_", "-"): value for name, value in headers.items()}}


# --- responses: returned, repeated, ambiguous -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 410, 422, 501])
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_intended_response_is_returned_immediately(request_, status, send, exchange, clock):
    exchange(request_, status)

    assert send(request_).status == status
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 202, 300, 404])
def test_retry_after_on_an_intended_response_is_ignored(status, send, exchange, clock):
    exchange(READ, {"status": status, "headers": {"Retry-After": "30"}})

    assert send(READ).status == status
    assert clock.slept == []


@pytest.mark.parametrize("status", [500, 502, 504])
def test_retry_after_of_other_5xx_is_ignored(status, send, exchange, clock):
    exchange(READ, {"status": status, "headers": {"Retry-After": "30"}}, 200)

    assert send(READ).status == 200
    assert sum(clock.slept) < 1


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_any_status_from_200_to_299(status, ok):
    assert Response(status, {}, b"", READ).ok is ok


@SAFE
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_transient_failure_of_a_safe_request_is_repeated(request_, status, send, exchange):
    exchange(request_, status, status, 200)

    assert send(request_).status == 200


@SAFE
def test_repeats_back_off_and_end_with_the_last_response(request_, send, exchange, clock):
    exchange(request_, 502, 503, 500, 408, 504)

    assert send(request_, retries=4).status == 504
    assert clock.slept == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(("random", "pause"), [(0.0, 0.2), (1.0, 0.3)])
def test_backoff_has_jitter(random, pause, send, exchange, clock, monkeypatch):
    exchange(READ, 502, 200)
    monkeypatch.setattr(client.random, "random", lambda: random)

    send(READ)

    assert clock.slept == [pytest.approx(pause)]


@UNSAFE
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_write_is_never_repeated_after_a_transient_failure(request_, status, send, exchange, clock):
    exchange(request_, status)

    with pytest.raises(
        AmbiguousWrite, match=f"^{request_.method} {URL} was answered with HTTP {status}, so the outcome is unknown$"
    ) as caught:
        send(request_)

    assert (caught.value.status, caught.value.wait, clock.slept) == (status, 0, [])


CLOSED = requests.exceptions.ConnectionError("Connection aborted.")


@pytest.mark.parametrize("creates", [True, False])
@pytest.mark.parametrize(
    "answer", [502, CLOSED, requests.exceptions.ReadTimeout(), limited(503, Retry_After="7"), {"status": 303}], ids=str
)
def test_ambiguous_write_states_whether_it_may_have_created_an_item(creates, answer, send, exchange):
    request = dataclasses.replace(WRITE, creates=creates)
    exchange(request, answer)

    with pytest.raises(AmbiguousWrite) as caught:
        send(request)

    assert caught.value.creates is creates


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_definitive_503_is_not_waited_for(request_, send, exchange, clock):
    exchange(request_, limited(503, Retry_After="7"))

    assert send(request_, is_definitive_refusal=lambda response: response.status == 503).status == 503
    assert clock.slept == []


@pytest.mark.parametrize(
    ("error", "message", "repeated", "ambiguous"),
    [
        pytest.param(
            requests.exceptions.ConnectTimeout(SECRET),
            "no connection within timeout",
            True,
            False,
            id="no connection in time",
        ),
        pytest.param(
            requests.exceptions.ReadTimeout(SECRET), "no response within timeout", True, True, id="no answer in time"
        ),
        pytest.param(
            requests.exceptions.ProxyError(SECRET),
            "the proxy refused the connection or is unreachable",
            True,
            False,
            id="proxy",
        ),
        pytest.param(
            requests.exceptions.SSLError(SECRET),
            "TLS: the handshake failed. Check url, ca_path",
            False,
            False,
            id="TLS",
        ),
        pytest.param(
            requests.exceptions.InvalidSchema(SECRET),
            "the request cannot be sent. Check url and the proxy",
            False,
            False,
            id="no such scheme",
        ),
        pytest.param(
            requests.exceptions.InvalidProxyURL(SECRET),
            "the request cannot be sent. Check url and the proxy",
            False,
            False,
            id="no proxy",
        ),
        pytest.param(
            CLOSED, "the connection was closed before the complete response arrived", True, True, id="connection closed"
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError(SECRET),
            "the connection was closed before the complete",
            True,
            True,
            id="answer cut short",
        ),
        pytest.param(
            requests.exceptions.ContentDecodingError(SECRET),
            "the response cannot be decompressed",
            True,
            True,
            id="answer undecodable",
        ),
    ],
)
@pytest.mark.parametrize("request_", [READ, REPEATABLE, WRITE], ids=["read", "repeatable", "write"])
def test_request_without_response(request_, error, message, repeated, ambiguous, send, exchange):
    safe = request_ is not WRITE
    exchange(request_, *[error] * (3 if repeated and (safe or not ambiguous) else 1))

    with pytest.raises(AccessError) as caught:
        send(request_, retries=2)

    assert caught.value.message.startswith(f"{request_.method} {URL}: {message}")
    assert isinstance(caught.value, AmbiguousWrite) is (ambiguous and not safe)
    assert SECRET not in caught.value.message


def test_request_without_response_is_repeated_with_backoff(send, exchange, clock):
    exchange(READ, CLOSED, CLOSED, 502, CLOSED, 200)

    assert send(READ).ok
    assert clock.slept == [0.25, 0.5, 1.0, 2.0]


# --- rate limits ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def far_from_greenwich(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC+5")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("value", "waited"),
    [
        pytest.param("3", 3, id="seconds"),
        pytest.param(" 3 ", 3, id="spaces"),
        pytest.param("0", 1, id="0: the usual pause, not a hot loop"),
        pytest.param("Fri, 15 Jan 2027 08:00:05 GMT", 5, id="date"),
        pytest.param("Friday, 15-Jan-27 08:00:05 GMT", 5, id="date of RFC 850"),
        pytest.param("Fri Jan 15 08:00:05 2027", 5, id="date of asctime, which is UTC (RFC 9110, section 5.6.7)"),
        pytest.param("Fri, 15 Jan 2027 07:59:00 GMT", 1, id="date in the past"),
        pytest.param(None, 1, id="none"),
        pytest.param("", 1, id="empty"),
        pytest.param("soon", 1, id="garbage"),
        pytest.param("-5", 1, id="negative"),
        pytest.param("1.5", 1, id="fraction"),
        pytest.param("\u00b2", 1, id="a digit that is not decimal"),
        pytest.param("Fri, 99 Jan 2027 08:00:05 GMT", 1, id="impossible date"),
        pytest.param("Fri, 15 Jan 99999 08:00:05 GMT", 1, id="impossible year"),
        pytest.param("Fri, 15 Jan 2027 08:00:05 +9999999999999999", 1, id="impossible offset"),
    ],
)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.usefixtures("far_from_greenwich")
def test_429_waits_for_retry_after(request_, value, waited, send, exchange, clock):
    exchange(request_, limited() if value is None else limited(Retry_After=value), 200)

    assert send(request_).ok
    assert clock.slept == [waited]


@SAFE
def test_503_waits_for_retry_after(request_, send, exchange, clock):
    exchange(request_, limited(503, Retry_After="7"), 200)

    assert send(request_, retries=0).ok
    assert clock.slept == [7]


@pytest.mark.parametrize("seconds", [7, 301], ids=["within max_wait", "beyond max_wait"])
def test_503_with_retry_after_makes_a_write_ambiguous_with_a_wait(seconds, send, exchange, clock):
    exchange(WRITE, limited(503, Retry_After=str(seconds)))

    with pytest.raises(AmbiguousWrite) as caught:
        send(WRITE)

    assert (caught.value.wait, caught.value.status, clock.slept) == (seconds, 503, [])


def test_without_retry_after_waits_double_up_to_a_minute(send, exchange, clock):
    exchange(READ, *[limited()] * 8, 200)

    assert send(READ).ok
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 60]


def test_retry_after_in_the_past_is_ignored(send, exchange, clock):
    exchange(READ, *[limited(Retry_After="Fri, 15 Jan 2027 07:59:00 GMT")] * 3, 200)

    assert send(READ).ok
    assert clock.slept == [1, 2, 4]


def test_waiting_for_a_rate_limit_does_not_count_as_a_retry(send, exchange):
    exchange(READ, 429, 429, 502, 429, 200)

    assert send(READ, retries=1).status == 200


@pytest.mark.parametrize(
    "value", ["301", "9" * 400, "Fri, 15 Jan 2027 09:00:00 GMT"], ids=["seconds", "an absurd number", "date"]
)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_wait_beyond_max_wait_fails_immediately(request_, value, send, exchange, clock):
    exchange(request_, limited(Retry_After=value))

    with pytest.raises(
        WaitTooLong,
        match=f"^{request_.method} {URL} was answered with HTTP 429 .* only 300 s of max_wait .300 s. are left",
    ) as caught:
        send(request_)

    assert (caught.value.status, clock.slept) == (429, [])


def test_max_wait_covers_all_waits_together(send, exchange, clock):
    exchange(READ, *[limited(Retry_After="4")] * 3)

    with pytest.raises(WaitTooLong, match=r"a wait of 4 s is needed, but only 2 s of max_wait .10 s. are left"):
        send(READ, max_wait=10)

    assert clock.slept == [4, 4]


def test_every_attempt_reserves_a_start(send, exchange, clock):
    exchange(READ, 502, 200)
    rate_limits, backend = [("all", Rate(1, 60.0))], MemoryBackend(clock, {})

    assert send(READ, rate_limits=rate_limits, backend=backend).ok
    assert clock.slept == [0.25, pytest.approx(60.25)]


def test_nothing_is_sent_if_the_rate_limit_exceeds_max_wait(send, exchange, clock):
    rate_limits, backend = [("all", Rate(1, 60.0))], MemoryBackend(clock, {})
    backend.reserve(rate_limits, WaitBudget(0, clock))

    with pytest.raises(WaitTooLong, match="the rate limit"):
        send(READ, rate_limits=rate_limits, backend=backend, max_wait=5)

    assert clock.slept == []


@pytest.mark.parametrize("answer", [limited(Retry_After="9"), limited(503, Retry_After="9")], ids=["429", "503"])
def test_rate_limit_response_blocks_all_callers(answer, send, exchange, clock):
    exchange(WRITE, answer, *([200] if answer["status"] == 429 else []))
    rate_limits, backend, before = [("all", Rate(5, 1.0))], MemoryBackend(clock, {}), clock.now()
    with contextlib.suppress(AmbiguousWrite):
        send(WRITE, rate_limits=rate_limits, backend=backend)

    assert clock.now() + backend.reserve(rate_limits, WaitBudget(300, clock)) >= before + 9


# --- redirects --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new?b=2", "{url}/new?b=2", "new?b=2"], ids=["path", "URL", "relative path"])
def test_read_follows_a_redirect_within_its_origin(location, status, send, serve):
    server = serve(
        lambda seen: (
            (200, {}, b"here")
            if seen.path == "/new?b=2"
            else (status, {"Location": location.format(url=server.url)}, b"")
        )
    )

    assert send(Request("GET", server.url + "/old", query={"a": "1"}, headers={"X-Key": "k"})).text == "here"
    assert [(seen.method, seen.path, seen.headers["x-key"]) for seen in server.seen] == [
        ("GET", "/old?a=1", "k"),
        ("GET", "/new?b=2", "k"),
    ]


def test_endless_redirects_fail_clearly(send, exchange):
    exchange(READ, *[{"status": 302, "headers": {"Location": URL}}] * 6)

    with pytest.raises(AccessError, match=f"^GET {URL} was redirected more than 5 times. Check url$"):
        send(READ)


@pytest.mark.parametrize(
    "location",
    [
        "http://{other}/",
        "//{other}/",
        "http://user:pw@{other}/",
        "http://{same}@{other}/",
        "http://{other}\\@{same}/",
        "http://{other}#@{same}/",
        "http://{other}?@{same}/",
        "https://{same}/",
        "http://localhost:{port}/",
        "http://127.0.0.1/",
        "http://user:pw@{same}/",
        "/a\\b",
    ],
)
def test_redirects_to_other_or_ambiguous_origins_are_not_followed(location, send, serve):
    other = serve()
    addresses = {"other": f"127.0.0.1:{other.server_port}"}
    server = serve(lambda seen: (302, {"Location": location.format(**addresses)}, b""))
    addresses.update(same=f"127.0.0.1:{server.server_port}", port=server.server_port)

    with pytest.raises(
        AccessError,
        match=f"^GET {server.url}/ was redirected to http.* .HTTP 302., but credentials are not sent there. If",
    ):
        send(Request("GET", server.url + "/", headers={"X-Key": SECRET}, basic=("id", SECRET)), retries=0)

    assert other.seen == []
    assert len(server.seen) == 1


def test_only_the_origin_of_another_address_is_named(send, exchange):
    """An unencoded secret in the query may look like part of the path."""
    exchange(
        Request("GET", URL),
        {"status": 302, "headers": {"Location": "https://elsewhere.example.com/begin-of-se?cret#x"}},
    )

    with pytest.raises(AccessError, match=r"was redirected to https://elsewhere.example.com .HTTP 302."):
        send(Request("GET", URL))


@pytest.mark.parametrize(
    "request_", [WRITE, REPEATABLE, Request("DELETE", URL)], ids=["POST", "repeatable POST", "DELETE"]
)
def test_redirect_of_a_write_is_not_followed(request_, send, exchange):
    exchange(request_, {"status": 307, "headers": {"Location": URL + "/new"}})

    with pytest.raises(AccessError, match=f"was redirected to {URL}/new .HTTP 307.") as caught:
        send(request_)

    assert caught.value.status == 307
    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>Please log in", "\n<HTML></HTML>"])
@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request("DELETE", URL, reject_html=True), AmbiguousWrite),
        (Request("POST", URL, repeatable=True, reject_html=True), AccessError),
    ],
    ids=["not repeatable", "repeatable"],
)
def test_unexpected_web_page_is_rejected(request_, error, page, send, exchange):
    exchange(request_, {"status": 200, "body": page})

    with pytest.raises(
        error,
        match=f"^{request_.method} {URL} was answered with an HTML page. Check that url points to the platform's API$",
    ) as caught:
        send(request_)

    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (Request("DELETE", URL, reject_html=True), {"status": 200, "body": "OK"}),
        (Request("DELETE", URL, reject_html=True), {"status": 404, "body": "<html>Not found</html>"}),
        (Request("DELETE", URL), {"status": 200, "body": "<html>The user reads it</html>"}),
    ],
    ids=["no page", "an error", "read"],
)
def test_other_responses_are_returned(request_, answer, send, exchange):
    exchange(request_, answer)

    assert send(request_).text == answer["body"]


@pytest.mark.parametrize("location", [None, "", "http://[::1", "https://host:port/"])
def test_redirect_without_a_valid_location_fails_clearly(location, send, exchange):
    exchange(READ, {"status": 302, "headers": {} if location is None else {"Location": location}})

    with pytest.raises(AccessError, match=f"^GET {URL} was redirected"):
        send(READ)
