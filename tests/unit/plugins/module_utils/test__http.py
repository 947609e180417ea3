# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import dataclasses
import datetime
import errno
import gzip
import io
import os
import re
import socket
import ssl
import sys
import threading
import time
import traceback

import pytest
import requests
import responses
import trustme
import urllib3
from responses.registries import OrderedRegistry

from ansible_collections.mediaops.access.plugins.module_utils import _http
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite, MissingLibrary, WaitTooLong
from ansible_collections.mediaops.access.plugins.module_utils._http import Http, Request, Response, Transport, bare_url, origin_of, root_url
from ansible_collections.mediaops.access.plugins.module_utils._pacing import Patience, Rate
from ansible_collections.mediaops.access.plugins.module_utils._store import MemoryBackend

URL = "https://api.example.com/v1/items"
READ = Request("GET", URL)
REPEATABLE = Request("POST", URL, json={"a": 1}, repeatable=True)
WRITE = Request("POST", URL, json={"a": 1})
SECRET = "s3cr3t"

SAFE = pytest.mark.parametrize("request_", [READ, Request("HEAD", URL), Request("OPTIONS", URL), REPEATABLE], ids=["GET", "HEAD", "OPTIONS", "repeatable POST"])
UNSAFE = pytest.mark.parametrize(
    "request_", [WRITE, Request("PUT", URL), Request("PATCH", URL), Request("DELETE", URL)], ids=["POST", "PUT", "PATCH", "DELETE"]
)


@pytest.fixture
def send(clock):
    """Sends one request as one item does."""

    def send(request, *, slots=(), max_wait=300, backend=None, is_final=lambda response: False, **transport):
        http = Http(
            Transport(**transport),
            Patience(max_wait, clock),
            clock,
            backend=lambda: backend,
            slots=lambda request: slots,
            is_rate_limited=lambda response: response.status == 429,
            is_final=is_final,
        )
        return http.send(request)

    return send


@pytest.fixture
def exchange(monkeypatch):
    """The exact exchange that a test expects: one request too many or too few fails it."""
    monkeypatch.setattr(_http.random, "random", lambda: 0.5)
    with responses.RequestsMock(assert_all_requests_are_fired=True, registry=OrderedRegistry) as mock:

        def expect(request, *answers):
            for answer in answers:
                given = answer if isinstance(answer, dict) else {"body" if isinstance(answer, Exception) else "status": answer}
                mock.add(request.method, request.url, **given)
            return mock

        yield expect


def limited(status=429, **headers):
    return {"status": status, "headers": {name.replace("_", "-"): value for name, value in headers.items()}}


# --- which answers are returned, repeated, ambiguous ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 410, 422, 501])
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_an_answer_that_was_meant_is_returned_at_once(request_, status, send, exchange, clock):
    exchange(request_, status)

    assert send(request_).status == status
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 202, 300, 404])
def test_an_answer_that_was_meant_is_no_limit_because_it_says_when_to_come_again(status, send, exchange, clock):
    exchange(READ, {"status": status, "headers": {"Retry-After": "30"}})

    assert send(READ).status == status
    assert clock.slept == []


@pytest.mark.parametrize("status", [500, 502, 504])
def test_only_503_is_waited_for_as_it_says(status, send, exchange, clock):
    exchange(READ, {"status": status, "headers": {"Retry-After": "30"}}, 200)

    assert send(READ).status == 200
    assert sum(clock.slept) < 1


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_any_status_from_200_to_299(status, ok):
    assert Response(status, {}, b"", READ).ok is ok


@SAFE
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_failure_on_the_way_is_repeated_where_that_is_safe(request_, status, send, exchange):
    exchange(request_, status, status, 200)

    assert send(request_).status == 200


@SAFE
def test_repeats_end_with_the_last_answer_after_growing_pauses(request_, send, exchange, clock):
    exchange(request_, 502, 503, 500, 408, 504)

    assert send(request_, retries=4).status == 504
    assert clock.slept == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(("random", "pause"), [(0.0, 0.2), (1.0, 0.3)])
def test_pauses_are_spread(random, pause, send, exchange, clock, monkeypatch):
    exchange(READ, 502, 200)
    monkeypatch.setattr(_http.random, "random", lambda: random)

    send(READ)

    assert clock.slept == [pytest.approx(pause)]


@UNSAFE
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_write_is_never_repeated_after_a_failure_on_the_way(request_, status, send, exchange, clock):
    exchange(request_, status)

    with pytest.raises(AmbiguousWrite, match=f"^{request_.method} {URL} was answered with HTTP {status}, which leaves open whether it was applied$") as caught:
        send(request_)

    assert (caught.value.status, caught.value.wait, clock.slept) == (status, 0, [])


CLOSED = requests.exceptions.ConnectionError("Connection aborted.")


@pytest.mark.parametrize("creates", [True, False])
@pytest.mark.parametrize("answer", [502, CLOSED, requests.exceptions.ReadTimeout(), limited(503, Retry_After="7"), {"status": 303}], ids=str)
def test_a_write_with_an_unknown_outcome_says_whether_it_may_have_created_something(creates, answer, send, exchange):
    request = dataclasses.replace(WRITE, creates=creates)
    exchange(request, answer)

    with pytest.raises(AmbiguousWrite) as caught:
        send(request)

    assert caught.value.creates is creates


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_503_that_is_the_platforms_considered_word_is_not_waited_for(request_, send, exchange, clock):
    exchange(request_, limited(503, Retry_After="7"))

    assert send(request_, is_final=lambda response: response.status == 503).status == 503
    assert clock.slept == []


@pytest.mark.parametrize(
    ("error", "message", "repeated", "ambiguous"),
    [
        pytest.param(requests.exceptions.ConnectTimeout(SECRET), "no connection within timeout", True, False, id="no connection in time"),
        pytest.param(requests.exceptions.ReadTimeout(SECRET), "no answer within timeout", True, True, id="no answer in time"),
        pytest.param(requests.exceptions.ProxyError(SECRET), "the proxy refused or is not reachable", True, False, id="proxy"),
        pytest.param(requests.exceptions.SSLError(SECRET), "TLS: the handshake failed. Check url, ca_path", False, False, id="TLS"),
        pytest.param(requests.exceptions.InvalidSchema(SECRET), "it cannot be sent. Check url and the proxy variables", False, False, id="no such scheme"),
        pytest.param(requests.exceptions.InvalidProxyURL(SECRET), "it cannot be sent. Check url and the proxy variables", False, False, id="no proxy"),
        pytest.param(CLOSED, "the connection was closed before the whole answer arrived", True, True, id="connection closed"),
        pytest.param(requests.exceptions.ChunkedEncodingError(SECRET), "the connection was closed before the whole", True, True, id="answer cut short"),
        pytest.param(requests.exceptions.ContentDecodingError(SECRET), "the answer cannot be decompressed", True, True, id="answer undecodable"),
    ],
)
@pytest.mark.parametrize("request_", [READ, REPEATABLE, WRITE], ids=["read", "repeatable", "write"])
def test_a_request_without_answer(request_, error, message, repeated, ambiguous, send, exchange):
    safe = request_ is not WRITE
    exchange(request_, *[error] * (3 if repeated and (safe or not ambiguous) else 1))

    with pytest.raises(AccessError) as caught:
        send(request_, retries=2)

    assert caught.value.message.startswith(f"{request_.method} {URL}: {message}")
    assert isinstance(caught.value, AmbiguousWrite) is (ambiguous and not safe)
    assert SECRET not in caught.value.message


def test_a_request_without_answer_is_repeated_after_growing_pauses(send, exchange, clock):
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
        pytest.param("\u00b2", 1, id="a digit that is no decimal"),
        pytest.param("Fri, 99 Jan 2027 08:00:05 GMT", 1, id="impossible date"),
        pytest.param("Fri, 15 Jan 99999 08:00:05 GMT", 1, id="impossible year"),
        pytest.param("Fri, 15 Jan 2027 08:00:05 +9999999999999999", 1, id="impossible offset"),
    ],
)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.usefixtures("far_from_greenwich")
def test_429_is_waited_for_as_retry_after_says(request_, value, waited, send, exchange, clock):
    exchange(request_, limited() if value is None else limited(Retry_After=value), 200)

    assert send(request_).ok
    assert clock.slept == [waited]


@SAFE
def test_503_with_retry_after_is_waited_for(request_, send, exchange, clock):
    exchange(request_, limited(503, Retry_After="7"), 200)

    assert send(request_, retries=0).ok
    assert clock.slept == [7]


def test_503_with_retry_after_leaves_a_write_open_and_says_how_long_to_wait(send, exchange, clock):
    exchange(WRITE, limited(503, Retry_After="7"))

    with pytest.raises(AmbiguousWrite) as caught:
        send(WRITE)

    assert (caught.value.wait, caught.value.status, clock.slept) == (7, 503, [])


def test_without_retry_after_pauses_double_up_to_a_minute(send, exchange, clock):
    exchange(READ, *[limited()] * 8, 200)

    assert send(READ).ok
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_date_in_the_past_says_nothing_more_than_none(send, exchange, clock):
    exchange(READ, *[limited(Retry_After="Fri, 15 Jan 2027 07:59:00 GMT")] * 3, 200)

    assert send(READ).ok
    assert clock.slept == [1, 2, 4]


def test_waiting_for_a_limit_is_no_retry(send, exchange):
    exchange(READ, 429, 429, 502, 429, 200)

    assert send(READ, retries=1).status == 200


@pytest.mark.parametrize("value", ["301", "9" * 400, "Fri, 15 Jan 2027 09:00:00 GMT"], ids=["seconds", "an absurd number", "date"])
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_wait_beyond_max_wait_fails_at_once(request_, value, send, exchange, clock):
    exchange(request_, limited(Retry_After=value))

    with pytest.raises(WaitTooLong, match=f"^{request_.method} {URL} was answered with HTTP 429 .* max_wait .300 s. leaves 300 s") as caught:
        send(request_)

    assert (caught.value.status, clock.slept) == (429, [])


def test_max_wait_is_for_all_waits_together(send, exchange, clock):
    exchange(READ, *[limited(Retry_After="4")] * 3)

    with pytest.raises(WaitTooLong, match="needs 4 s more, and max_wait .10 s. leaves 2 s"):
        send(READ, max_wait=10)

    assert clock.slept == [4, 4]


def test_every_try_takes_a_paced_start(send, exchange, clock):
    exchange(READ, 502, 200)
    slots, backend = [("all", Rate(1, 60.0))], MemoryBackend(clock, {})

    assert send(READ, slots=slots, backend=backend).ok
    assert clock.slept == [0.25, pytest.approx(60.25)]


def test_nothing_is_sent_where_pacing_leaves_no_time(send, exchange, clock):
    slots, backend = [("all", Rate(1, 60.0))], MemoryBackend(clock, {})
    backend.reserve(slots, Patience(0, clock))

    with pytest.raises(WaitTooLong, match="the rate limit"):
        send(READ, slots=slots, backend=backend, max_wait=5)

    assert clock.slept == []


@pytest.mark.parametrize("answer", [limited(Retry_After="9"), limited(503, Retry_After="9")], ids=["429", "503"])
def test_others_wait_too_when_the_platform_says_wait(answer, send, exchange, clock):
    exchange(WRITE, answer, *([200] if answer["status"] == 429 else []))
    slots, backend, before = [("all", Rate(5, 1.0))], MemoryBackend(clock, {}), clock.now()
    try:
        send(WRITE, slots=slots, backend=backend)
    except AmbiguousWrite:
        pass

    assert clock.now() + backend.reserve(slots, Patience(300, clock)) >= before + 9


# --- what is sent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param({"json": {"a": ["ä", None]}}, ("/", b'{"a": ["\\u00e4", null]}', {"content-type": "application/json"}), id="JSON"),
        pytest.param({"json": []}, ("/", b"[]", {"content-type": "application/json"}), id="empty JSON"),
        pytest.param({"form": {"a": "b c&d"}}, ("/", b"a=b+c%26d", {"content-type": "application/x-www-form-urlencoded"}), id="form"),
        pytest.param({"data": "ä"}, ("/", b"\xc3\xa4", {}), id="text as it is"),
        pytest.param({"query": {"a": "b c", "d": ["1", "2"]}}, ("/?a=b+c&d=1&d=2", b"", {}), id="query"),
        pytest.param({"query": "offset=0&limit=100"}, ("/?offset=0&limit=100", b"", {}), id="query as it is"),
        pytest.param({"basic": ("id", "p w€")}, ("/", b"", {"authorization": "Basic aWQ6cCB34oKs"}), id="Basic in UTF-8"),
        pytest.param({"headers": {"Accept": "application/xml"}}, ("/", b"", {"accept": "application/xml"}), id="another Accept"),
        pytest.param({}, ("/", b"", {"accept": "application/json", "user-agent": _http.USER_AGENT}), id="usual headers"),
    ],
)
def test_a_request_is_sent_as_it_is_described(request_, expected, send, serve):
    server = serve()

    send(Request("POST", server.url + "/", **request_))

    path, body, headers = expected
    seen = server.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", path, body)
    assert {name: seen.headers.get(name) for name in headers} == headers


def test_an_answer_is_read_to_its_end(send, serve):
    server = serve(lambda seen: (201, {"X-Some": "Thing"}, b'{"a": 1}'))

    response = send(Request("GET", server.url))

    assert (response.status, response.ok, response.json(), response.headers["x-some"]) == (201, True, {"a": 1}, "Thing")


@pytest.mark.parametrize("value", [f"a\n{SECRET}", f" {SECRET}", f"{SECRET}€"], ids=["line break", "leading space", "beyond latin-1"])
def test_a_header_that_http_does_not_allow_is_a_clear_failure(value, send, serve):
    url = serve().url + "/"

    with pytest.raises(AccessError, match=f"^GET {url} cannot be sent: the URL or an option that travels in a header holds characters") as caught:
        send(Request("GET", url, headers={"X-Key": value}))

    assert SECRET not in caught.value.message


@pytest.mark.parametrize("host", ["*.example.com", "a" * 64 + ".com", "two..dots"])
def test_a_host_that_http_does_not_allow_is_a_clear_failure(host, send):
    with pytest.raises(AccessError, match="^GET https://.* cannot be sent: the URL or an option that travels in a header holds characters") as caught:
        send(Request("GET", f"https://{host}/?{SECRET}"))

    assert SECRET not in caught.value.message


SECRETIVE = Request(
    "POST",
    f"https://user:{SECRET}@api.example.com/v1/items?token={SECRET}#{SECRET}",
    headers={"X-Key": SECRET},
    query={"key": SECRET},
    json={"password": SECRET},
)


@pytest.mark.parametrize(
    "answer",
    [
        502,
        limited(Retry_After="999"),
        limited(503, Retry_After="999"),
        {"status": 302, "headers": {"Location": f"https://u:{SECRET}@other.example.com/?t={SECRET}#{SECRET}"}},
        requests.exceptions.ReadTimeout(f"{URL}?token={SECRET}"),
        requests.exceptions.ConnectionError(f"{URL}?token={SECRET}"),
    ],
    ids=["502", "429", "503", "redirect", "timeout", "closed"],
)
def test_no_message_holds_query_user_or_secret(answer, send, exchange):
    exchange(Request("POST", re.compile("https://.*/v1/items.*")), answer)

    with pytest.raises(AccessError) as caught:
        send(SECRETIVE)

    assert caught.value.message.startswith(f"POST {URL}")
    assert SECRET not in "".join(traceback.format_exception(None, caught.value, caught.tb))


def test_a_missing_library_is_named(send, monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)

    with pytest.raises(
        MissingLibrary, match=f"requests is needed to talk to the platform, and {sys.executable} cannot .*: {sys.executable} -m pip install requests"
    ):
        send(READ)


@pytest.mark.parametrize(
    ("request_", "headers", "error"),
    [
        pytest.param(READ, {"Content-Length": "5"}, AccessError, id="read"),
        pytest.param(REPEATABLE, {"Content-Length": "5"}, AccessError, id="repeatable write"),
        pytest.param(WRITE, {"Content-Length": "5"}, AmbiguousWrite, id="write"),
        pytest.param(WRITE, {"Content-Length": "4"}, None, id="as long as announced"),
        pytest.param(WRITE, {"Content-Length": "3"}, None, id="longer"),
        pytest.param(WRITE, {"Content-Length": "many"}, None, id="no number"),
        pytest.param(WRITE, {}, None, id="not announced"),
        pytest.param(WRITE, {"Content-Length": "5", "Content-Encoding": "gzip"}, None, id="compressed"),
        pytest.param(Request("HEAD", URL), {"Content-Length": "5"}, None, id="HEAD"),
    ],
)
def test_an_answer_shorter_than_announced_broke_off(request_, headers, error, send, monkeypatch):
    """urllib3 notices that itself only from version 2 on."""
    answer = requests.Response()
    answer.status_code = 200
    answer.raw = urllib3.HTTPResponse(io.BytesIO(gzip.compress(b"1234") if "Content-Encoding" in headers else b"1234"), preload_content=False)
    answer.headers.update(headers)
    monkeypatch.setattr(requests.Session, "send", lambda session, request, **options: answer)

    if not error:
        assert send(request_).body == b"1234"
        return
    with pytest.raises(error, match="the connection was closed before the whole answer arrived") as caught:
        send(request_, retries=0)
    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat


# --- redirects --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new?b=2", "{url}/new?b=2", "new?b=2"], ids=["path", "URL", "relative path"])
def test_a_read_follows_a_redirect_within_its_origin(location, status, send, serve):
    server = serve(lambda seen: (200, {}, b"here") if seen.path == "/new?b=2" else (status, {"Location": location.format(url=server.url)}, b""))

    assert send(Request("GET", server.url + "/old", query={"a": "1"}, headers={"X-Key": "k"})).text == "here"
    assert [(seen.method, seen.path, seen.headers["x-key"]) for seen in server.seen] == [("GET", "/old?a=1", "k"), ("GET", "/new?b=2", "k")]


def test_redirects_without_end_are_a_clear_failure(send, exchange):
    exchange(READ, *[{"status": 302, "headers": {"Location": URL}}] * 6)

    with pytest.raises(AccessError, match=f"^GET {URL} is redirected without end: check url$"):
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
def test_nothing_is_sent_to_another_origin_nor_where_libraries_may_disagree_which_it_is(location, send, serve):
    other = serve()
    addresses = {"other": f"127.0.0.1:{other.server_port}"}
    server = serve(lambda seen: (302, {"Location": location.format(**addresses)}, b""))
    addresses.update(same=f"127.0.0.1:{server.server_port}", port=server.server_port)

    with pytest.raises(AccessError, match=f"^GET {server.url}/ was redirected to http.* .HTTP 302., and credentials are not sent there. If"):
        send(Request("GET", server.url + "/", headers={"X-Key": SECRET}, basic=("id", SECRET)), retries=0)

    assert other.seen == []
    assert len(server.seen) == 1


def test_of_an_address_elsewhere_only_the_origin_is_named(send, exchange):
    """A secret of the query that is not encoded may look like a part of the path."""
    exchange(Request("GET", URL), {"status": 302, "headers": {"Location": "https://elsewhere.example.com/begin-of-se?cret#x"}})

    with pytest.raises(AccessError, match="was redirected to https://elsewhere.example.com .HTTP 302."):
        send(Request("GET", URL))


@pytest.mark.parametrize("request_", [WRITE, REPEATABLE, Request("DELETE", URL)], ids=["POST", "repeatable POST", "DELETE"])
def test_no_redirect_is_followed_by_what_is_no_read(request_, send, exchange):
    exchange(request_, {"status": 307, "headers": {"Location": URL + "/new"}})

    with pytest.raises(AccessError, match=f"was redirected to {URL}/new .HTTP 307.") as caught:
        send(request_)

    assert caught.value.status == 307
    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>Please log in", "\n<HTML></HTML>"])
@pytest.mark.parametrize(
    ("request_", "error"),
    [(Request("DELETE", URL, unread=True), AmbiguousWrite), (Request("POST", URL, repeatable=True, unread=True), AccessError)],
    ids=["not repeatable", "repeatable"],
)
def test_a_web_page_is_no_answer_where_nobody_reads_it(request_, error, page, send, exchange):
    exchange(request_, {"status": 200, "body": page})

    with pytest.raises(error, match=f"^{request_.method} {URL} was answered with an HTML page. Check that url points to the platform's API$") as caught:
        send(request_)

    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (Request("DELETE", URL, unread=True), {"status": 200, "body": "OK"}),
        (Request("DELETE", URL, unread=True), {"status": 404, "body": "<html>Not found</html>"}),
        (Request("DELETE", URL), {"status": 200, "body": "<html>The user reads it</html>"}),
    ],
    ids=["no page", "an error", "read"],
)
def test_any_other_answer_is_returned(request_, answer, send, exchange):
    exchange(request_, answer)

    assert send(request_).text == answer["body"]


@pytest.mark.parametrize("location", [None, "", "http://[::1", "https://host:port/"])
def test_a_redirect_to_nowhere_is_a_clear_failure(location, send, exchange):
    exchange(READ, {"status": 302, "headers": {} if location is None else {"Location": location}})

    with pytest.raises(AccessError, match=f"^GET {URL} was redirected"):
        send(READ)


# --- real connections --------------------------------------------------------------------------------------------------------


def test_a_session_is_kept_alive_from_item_to_item(send, serve):
    server = serve()

    for path in ("/a", "/b", "/c"):
        send(Request("GET", server.url + path))

    assert [seen.path for seen in server.seen] == ["/a", "/b", "/c"]
    assert len({seen.connection for seen in server.seen}) == 1


def test_what_must_not_be_sent_twice_goes_over_a_connection_that_nobody_is_about_to_close(send, serve):
    server = serve()

    for request in (Request("GET", server.url), Request("POST", server.url), Request("POST", server.url, creates=True), Request("GET", server.url)):
        send(request)

    first, second, third, fourth = (seen.connection for seen in server.seen)
    assert first == second != third == fourth


def test_another_process_and_another_trust_get_a_session_of_their_own(send, serve, monkeypatch):
    server = serve()

    send(Request("GET", server.url))
    send(Request("GET", server.url), validate_certs=False)
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    send(Request("GET", server.url))

    assert len({seen.connection for seen in server.seen}) == 3


def test_cookies_do_not_travel_from_one_credential_to_the_next(send, serve):
    server = serve(lambda seen: (200, {"Set-Cookie": "session=of-the-first; Path=/"}, b""))

    send(Request("GET", server.url, basic=("first", "pw")))
    send(Request("GET", server.url, basic=("second", "pw")))

    assert "cookie" not in server.seen[1].headers


def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced_before_a_write(send, serve):
    server = serve(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    send(Request("GET", server.url))
    assert server.closed.acquire(timeout=10)

    assert send(Request("POST", server.url)).ok


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["nothing", "half a status line", "half a body", "half a chunk"],
)
def test_a_connection_that_breaks(answer, send, serve, clock):
    server = serve(lambda seen: answer)

    with pytest.raises(AmbiguousWrite, match="the connection was closed before the whole answer arrived, which leaves open whether it was applied"):
        send(Request("POST", server.url + "/write"))
    with pytest.raises(AccessError, match="the connection was closed before the whole answer arrived$"):
        send(Request("GET", server.url + "/read"), retries=2)

    assert [seen.path for seen in server.seen] == ["/write"] + ["/read"] * 3
    assert len(clock.slept) == 2


def test_an_answer_that_breaks_http_leaves_a_write_open(send, serve):
    server = serve(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")

    with pytest.raises(AmbiguousWrite, match=f"^POST {server.url}/: .*, which leaves open whether it was applied$"):
        send(Request("POST", server.url + "/"))


@pytest.fixture
def silent(serve):
    """A server that never answers, but for the test's end."""
    end = threading.Event()
    yield serve(lambda seen: b"" if end.wait(30) else b"")
    end.set()


def test_a_server_that_does_not_answer_in_time(silent, send):
    with pytest.raises(AmbiguousWrite, match="no answer within timeout, which leaves open"):
        send(Request("POST", silent.url), timeout=0.05)
    with pytest.raises(AccessError, match="no answer within timeout$"):
        send(Request("GET", silent.url), timeout=0.05, retries=1)

    assert len(silent.seen) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_is_not_running(method, send, clock):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(AccessError, match=f"^{method} {url}: Connection refused. Check url and that the service is running$") as caught:
            send(Request(method, url), retries=2)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert len(clock.slept) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_host_that_has_no_address(method, send, monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(AccessError, match=f"^{method} https://api.example.com/: Name or service not known. Check url") as caught:
        send(Request(method, "https://api.example.com/"))

    assert not isinstance(caught.value, AmbiguousWrite)


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET], ids=os.strerror)
def test_a_connection_that_cannot_be_made_is_not_ambiguous(number, send, monkeypatch):
    def fail(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "connect", fail)

    with pytest.raises(AccessError, match=f"^POST http://127.0.0.1:9/: {os.strerror(number)}. Check url") as caught:
        send(Request("POST", "http://127.0.0.1:9/"))

    assert not isinstance(caught.value, AmbiguousWrite)


def test_netrc_does_not_replace_credentials(send, serve, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve()

    send(Request("GET", server.url))
    send(Request("GET", server.url, headers={"Authorization": "Bearer mine"}))

    assert [seen.headers.get("authorization") for seen in server.seen] == [None, "Bearer mine"]


# --- proxies ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_the_proxy_of_the_environment_is_used(variable, send, serve, monkeypatch):
    proxy = serve()
    monkeypatch.setenv(variable, proxy.url.replace("//", "//me:pw@"))

    send(Request("GET", "http://api.example.com/path"))

    assert proxy.seen[0].path == "http://api.example.com/path"
    assert proxy.seen[0].headers["proxy-authorization"] == "Basic " + base64.b64encode(b"me:pw").decode()


def test_no_proxy_is_honoured_and_a_changed_environment_counts(send, serve, monkeypatch):
    proxy, server = serve(), serve()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    send(Request("GET", server.url + "/direct"))
    monkeypatch.delenv("no_proxy")
    send(Request("GET", server.url + "/through"))

    assert [seen.path for seen in server.seen] == ["/direct"]
    assert [seen.path for seen in proxy.seen] == [server.url + "/through"]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n"], ids=["nothing", "half a status line", "no HTTP"])
def test_a_proxy_that_breaks_the_connection_leaves_a_write_open(answer, send, serve, monkeypatch):
    proxy = serve(lambda seen: answer)
    monkeypatch.setenv("http_proxy", proxy.url)

    with pytest.raises(AmbiguousWrite):
        send(Request("POST", "http://api.example.com/"))

    assert len(proxy.seen) == 1


def test_a_proxy_that_does_not_answer_in_time_leaves_a_write_open(silent, send, monkeypatch):
    monkeypatch.setenv("http_proxy", silent.url)

    with pytest.raises(AmbiguousWrite):
        send(Request("POST", "http://api.example.com/"), timeout=0.05)

    assert len(silent.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_is_not_there_leaves_nothing_open(method, send, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(AccessError, match="the proxy refused or is not reachable") as caught:
            send(Request(method, "http://api.example.com/"), retries=1)

    assert not isinstance(caught.value, AmbiguousWrite)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_refuses_is_a_clear_failure(method, send, serve, monkeypatch):
    proxy = serve(lambda seen: (407, {}, b""))
    monkeypatch.setenv("https_proxy", proxy.url.replace("//", f"//me:{SECRET}@"))

    with pytest.raises(AccessError, match=f"^{method} {URL}: the proxy refused or is not reachable. Check the proxy variables") as caught:
        send(Request(method, URL), retries=1)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert [seen.method for seen in proxy.seen] == ["CONNECT"] * 2
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("proxy", [f"socks5://me:{SECRET}@127.0.0.1:1080", f"http://me:{SECRET}@127.0.0.1:port", f"ftp://me:{SECRET}@127.0.0.1"])
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_proxy_that_cannot_be_used_is_told_before_anything_is_sent(request_, proxy, send, monkeypatch):
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setitem(sys.modules, "socks", None)

    with pytest.raises(AccessError, match="(in https_proxy)") as caught:
        send(request_, retries=2)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert SECRET not in caught.value.message


# --- TLS --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_path(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def secure(serve, authority):
    """Starts TLS servers; ``client`` says that they ask for a client certificate."""

    def serve_tls(name="127.0.0.1", client=False, **validity):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **validity).configure_cert(context)
        if client:
            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return serve(tls=context)

    return serve_tls


LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("name", "validity", "trusted", "message"),
    [
        pytest.param("127.0.0.1", {}, False, "unable to get local issuer certificate", id="unknown authority"),
        pytest.param("other.example.com", {}, True, "IP address mismatch, certificate is not valid for '127.0.0.1'.", id="another host"),
        pytest.param("127.0.0.1", {"not_before": LONG_AGO, "not_after": LONG_AGO + datetime.timedelta(1)}, True, "certificate has expired", id="expired"),
    ],
)
def test_certificates_are_verified_by_default_and_the_failure_says_why(name, validity, trusted, message, send, secure, ca_path, clock):
    https = secure(name, **validity)

    with pytest.raises(AccessError) as caught:
        send(Request("POST", https.url), ca_path=ca_path if trusted else None)

    assert caught.value.message == f"POST {https.url}: TLS: {message}. Check url, ca_path, client_cert and client_key"
    assert not isinstance(caught.value, AmbiguousWrite)
    assert (https.seen, clock.slept) == ([], [])


def test_ca_path_is_trusted(send, secure, ca_path):
    assert send(Request("GET", secure().url), ca_path=ca_path).ok


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_bundle_of_the_environment_is_trusted(variable, send, secure, ca_path, monkeypatch):
    monkeypatch.setenv(variable, ca_path)

    assert send(Request("GET", secure().url)).ok


def test_verification_can_be_turned_off_and_python_does_not_complain(send, secure, recwarn):
    assert send(Request("GET", secure().url), validate_certs=False).ok
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("combined", [True, False], ids=["one file", "two files"])
def test_a_client_certificate_is_sent(combined, send, secure, ca_path, authority, tmp_path):
    certificate = authority.issue_cert("me@example.com")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    files = {"client_cert": str(tmp_path / "both.pem")} if combined else {"client_cert": str(tmp_path / "cert.pem"), "client_key": str(tmp_path / "key.pem")}
    https = secure(client=True)

    assert send(Request("GET", https.url), ca_path=ca_path, **files).ok
    with pytest.raises(AccessError):
        send(Request("GET", https.url), ca_path=ca_path, retries=0)


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be sent: ca_path, client_cert or client_key cannot be read"), (b"no certificate", "TLS: the handshake failed. Check url, ca_path")],
    ids=["missing", "garbage"],
)
def test_a_file_that_is_no_certificate_is_a_clear_failure(option, content, message, send, secure, tmp_path):
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(AccessError, match=message):
        send(Request("GET", secure().url), **{option: str(file)})


# --- URLs and bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host", "https://host"),
        ("https://host/", "https://host"),
        ("http://host:18101/api//", "http://host:18101/api"),
        ("HTTPS://Host/Path", "HTTPS://Host/Path"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ],
)
def test_a_root_url_loses_its_trailing_slash(url, expected):
    assert root_url(url) == expected


@pytest.mark.parametrize(
    "url",
    "host host:80 //host https:// https:///path ftp://host file:///etc https://host:port https://host:0 https://host:65536 https://[::1 http://:80".split()
    + ["", "https://ho st", "https://host\\path", "https://host\n/"],
)
def test_what_is_no_root_url_is_refused(url):
    with pytest.raises(AccessError, match="^auth_url must be a URL such as"):
        root_url(url, "auth_url")


@pytest.mark.parametrize(
    "url",
    f"https://{SECRET}@host https://me:{SECRET}@host/ https://@host https://host/?key={SECRET} https://host#{SECRET} https://host/? https://host#".split(),
)
def test_a_root_url_holds_nothing_but_the_root(url):
    with pytest.raises(AccessError, match="^url must hold no user, password, query or fragment") as caught:
        root_url(url)

    assert SECRET not in caught.value.message


def test_the_parts_of_a_url_that_may_be_shown():
    url = f"HTTPS://me:{SECRET}@Host:8443/Path;p=1?q={SECRET}#{SECRET}"

    assert origin_of(url) == "https://host:8443"
    assert bare_url(url) == "https://host:8443/Path;p=1…"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b" \n", "an empty body"),
        (b"<!DOCTYPE html><p>", "an HTML page"),
        (b"\n <HTML>", "an HTML page"),
        (b"<?xml?><oauth/>", "XML"),
        (b'{"a": ', "broken JSON"),
        (b"[1,", "broken JSON"),
        (b"Bad Gateway", "text that is no JSON"),
    ],
)
def test_a_body_that_does_not_fit_is_described(body, kind):
    assert Response(200, {}, body, READ).kind == kind


@pytest.mark.parametrize(("body", "data"), [(b"", None), (b" \n", None), (b'{"a": "\xc3\xa4"}', {"a": "ä"}), (b"null", None), (b"0", 0)])
def test_a_json_body_is_read(body, data):
    assert Response(200, {}, body, READ).json() == data


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff\xfe\xfd"], ids=["HTML", "truncated", "no text"])
def test_a_body_that_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError):
        Response(200, {}, body, READ).json()
