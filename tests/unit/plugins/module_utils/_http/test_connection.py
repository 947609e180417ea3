# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
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
import traceback

import pytest
import requests
import trustme
import urllib3

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, AmbiguousWrite, MissingLibrary
from ansible_collections.mediaops.access.plugins.module_utils._http import connection
from ansible_collections.mediaops.access.plugins.module_utils._http.models import Request

URL = "https://api.example.com/v1/items"
READ = Request("GET", URL)
REPEATABLE = Request("POST", URL, json={"a": 1}, repeatable=True)
WRITE = Request("POST", URL, json={"a": 1})
SECRET = "s3cr3t"


# --- what is sent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            {"json": {"a": ["ä", None]}},
            ("/", b'{"a": ["\\u00e4", null]}', {"content-type": "application/json"}),
            id="JSON",
        ),
        pytest.param({"json": []}, ("/", b"[]", {"content-type": "application/json"}), id="empty JSON"),
        pytest.param(
            {"form": {"a": "b c&d"}},
            ("/", b"a=b+c%26d", {"content-type": "application/x-www-form-urlencoded"}),
            id="form",
        ),
        pytest.param({"data": "ä"}, ("/", b"\xc3\xa4", {}), id="text as it is"),
        pytest.param({"query": {"a": "b c", "d": ["1", "2"]}}, ("/?a=b+c&d=1&d=2", b"", {}), id="query"),
        pytest.param({"query": "offset=0&limit=100"}, ("/?offset=0&limit=100", b"", {}), id="query as it is"),
        pytest.param(
            {"basic": ("id", "p w€")}, ("/", b"", {"authorization": "Basic aWQ6cCB34oKs"}), id="Basic in UTF-8"
        ),
        pytest.param(
            {"headers": {"Accept": "application/xml"}}, ("/", b"", {"accept": "application/xml"}), id="another Accept"
        ),
        pytest.param(
            {}, ("/", b"", {"accept": "application/json", "user-agent": connection.USER_AGENT}), id="usual headers"
        ),
    ],
)
def test_request_is_sent_as_described(request_, expected, send, serve):
    server = serve()

    send(Request("POST", server.url + "/", **request_))

    path, body, headers = expected
    seen = server.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", path, body)
    assert {name: seen.headers.get(name) for name in headers} == headers


def test_response_is_read_completely(send, serve):
    server = serve(lambda seen: (201, {"X-Some": "Thing"}, b'{"a": 1}'))

    response = send(Request("GET", server.url))

    assert (response.status, response.ok, response.json(), response.headers["x-some"]) == (201, True, {"a": 1}, "Thing")


@pytest.mark.parametrize(
    "value", [f"a\n{SECRET}", f" {SECRET}", f"{SECRET}€"], ids=["line break", "leading space", "beyond latin-1"]
)
def test_invalid_header_fails_clearly(value, send, serve):
    url = serve().url + "/"

    with pytest.raises(
        AccessError, match=f"^GET {url} cannot be sent: the URL or an option sent as a header contains characters"
    ) as caught:
        send(Request("GET", url, headers={"X-Key": value}))

    assert SECRET not in caught.value.message


@pytest.mark.parametrize("host", ["*.example.com", "a" * 64 + ".com", "two..dots"])
def test_invalid_host_fails_clearly(host, send):
    with pytest.raises(
        AccessError, match=r"^GET https://.* cannot be sent: the URL or an option sent as a header contains characters"
    ) as caught:
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
        *({"status": status, "headers": {"Retry-After": "999"}} for status in (429, 503)),
        {"status": 302, "headers": {"Location": f"https://u:{SECRET}@other.example.com/?t={SECRET}#{SECRET}"}},
        requests.exceptions.ReadTimeout(f"{URL}?token={SECRET}"),
        requests.exceptions.ConnectionError(f"{URL}?token={SECRET}"),
    ],
    ids=["502", "429", "503", "redirect", "timeout", "closed"],
)
def test_messages_contain_no_query_user_or_secret(answer, send, exchange):
    exchange(Request("POST", re.compile("https://.*/v1/items.*")), answer)

    with pytest.raises(AccessError) as caught:
        send(SECRETIVE)

    assert caught.value.message.startswith(f"POST {URL}")
    assert SECRET not in "".join(traceback.format_exception(None, caught.value, caught.tb))


def test_missing_library_is_named(send, monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)

    with pytest.raises(
        MissingLibrary,
        match=f"requests is required to talk to the platform, but {sys.executable} cannot .*: {sys.executable} -m pip install requests",
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
def test_response_shorter_than_announced_is_incomplete(request_, headers, error, send, monkeypatch):
    """urllib3 checks this only since version 2."""
    answer = requests.Response()
    answer.status_code = 200
    answer.raw = urllib3.HTTPResponse(
        io.BytesIO(gzip.compress(b"1234") if "Content-Encoding" in headers else b"1234"), preload_content=False
    )
    answer.headers.update(headers)
    monkeypatch.setattr(requests.Session, "send", lambda session, request, **options: answer)

    if not error:
        assert send(request_).body == b"1234"
        return
    with pytest.raises(error, match="the connection was closed before the complete response arrived") as caught:
        send(request_, retries=0)
    assert isinstance(caught.value, AmbiguousWrite) is not request_.safe_to_repeat


# --- real connections --------------------------------------------------------------------------------------------------------


def test_session_is_reused_across_items(send, serve):
    server = serve()

    for path in ("/a", "/b", "/c"):
        send(Request("GET", server.url + path))

    assert [seen.path for seen in server.seen] == ["/a", "/b", "/c"]
    assert len({seen.connection for seen in server.seen}) == 1


def test_creating_request_uses_a_new_connection(send, serve):
    server = serve()

    for request in (
        Request("GET", server.url),
        Request("POST", server.url),
        Request("POST", server.url, creates=True),
        Request("GET", server.url),
    ):
        send(request)

    first, second, third, fourth = (seen.connection for seen in server.seen)
    assert first == second != third == fourth


def test_processes_and_tls_options_have_separate_sessions(send, serve, monkeypatch):
    server = serve()

    send(Request("GET", server.url))
    send(Request("GET", server.url), validate_certs=False)
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    send(Request("GET", server.url))

    assert len({seen.connection for seen in server.seen}) == 3


def test_cookies_are_not_sent_with_other_credentials(send, serve):
    server = serve(lambda seen: (200, {"Set-Cookie": "session=of-the-first; Path=/"}, b""))

    send(Request("GET", server.url, basic=("first", "pw")))
    send(Request("GET", server.url, basic=("second", "pw")))

    assert "cookie" not in server.seen[1].headers


def test_closed_connection_is_replaced_before_a_write(send, serve):
    server = serve(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    send(Request("GET", server.url))
    assert server.closed.acquire(timeout=10)

    assert send(Request("POST", server.url)).ok


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "half a status line", "half a body", "half a chunk"],
)
def test_broken_connection(answer, send, serve, clock):
    server = serve(lambda seen: answer)

    with pytest.raises(
        AmbiguousWrite,
        match="the connection was closed before the complete response arrived, so the outcome is unknown",
    ):
        send(Request("POST", server.url + "/write"))
    with pytest.raises(AccessError, match=r"the connection was closed before the complete response arrived$"):
        send(Request("GET", server.url + "/read"), retries=2)

    assert [seen.path for seen in server.seen] == ["/write"] + ["/read"] * 3
    assert len(clock.slept) == 2


def test_invalid_http_makes_a_write_ambiguous(send, serve):
    server = serve(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")

    with pytest.raises(AmbiguousWrite, match=f"^POST {server.url}/: .*, so the outcome is unknown$"):
        send(Request("POST", server.url + "/"))


@pytest.fixture
def silent(serve):
    """Start a server that does not respond until the test ends."""
    end = threading.Event()

    def wait(seen):
        end.wait(30)
        return b""

    yield serve(wait)
    end.set()


def test_server_that_does_not_respond_in_time(silent, send):
    with pytest.raises(AmbiguousWrite, match="no response within timeout, so the outcome is unknown"):
        send(Request("POST", silent.url), timeout=0.05)
    with pytest.raises(AccessError, match=r"no response within timeout$"):
        send(Request("GET", silent.url), timeout=0.05, retries=1)

    assert len(silent.seen) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_is_not_running(method, send, clock):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(
            AccessError, match=f"^{method} {url}: Connection refused. Check url and that the service is running$"
        ) as caught:
            send(Request(method, url), retries=2)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert len(clock.slept) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_host_without_an_address(method, send, monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(
        AccessError, match=f"^{method} https://api.example.com/: Name or service not known. Check url"
    ) as caught:
        send(Request(method, "https://api.example.com/"))

    assert not isinstance(caught.value, AmbiguousWrite)


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET], ids=os.strerror)
def test_connection_failure_is_not_ambiguous(number, send, monkeypatch):
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
def test_proxy_from_the_environment_is_used(variable, send, serve, monkeypatch):
    proxy = serve()
    monkeypatch.setenv(variable, proxy.url.replace("//", "//me:pw@"))

    send(Request("GET", "http://api.example.com/path"))

    assert proxy.seen[0].path == "http://api.example.com/path"
    assert proxy.seen[0].headers["proxy-authorization"] == "Basic " + base64.b64encode(b"me:pw").decode()


def test_no_proxy_and_changes_of_the_environment_are_honoured(send, serve, monkeypatch):
    proxy, server = serve(), serve()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    send(Request("GET", server.url + "/direct"))
    monkeypatch.delenv("no_proxy")
    send(Request("GET", server.url + "/through"))

    assert [seen.path for seen in server.seen] == ["/direct"]
    assert [seen.path for seen in proxy.seen] == [server.url + "/through"]


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n"], ids=["nothing", "half a status line", "no HTTP"]
)
def test_proxy_that_breaks_the_connection_makes_a_write_ambiguous(answer, send, serve, monkeypatch):
    proxy = serve(lambda seen: answer)
    monkeypatch.setenv("http_proxy", proxy.url)

    with pytest.raises(AmbiguousWrite):
        send(Request("POST", "http://api.example.com/"))

    assert len(proxy.seen) == 1


def test_proxy_that_does_not_respond_in_time_makes_a_write_ambiguous(silent, send, monkeypatch):
    monkeypatch.setenv("http_proxy", silent.url)

    with pytest.raises(AmbiguousWrite):
        send(Request("POST", "http://api.example.com/"), timeout=0.05)

    assert len(silent.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_missing_proxy_is_not_ambiguous(method, send, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(AccessError, match="the proxy refused the connection or is unreachable") as caught:
            send(Request(method, "http://api.example.com/"), retries=1)

    assert not isinstance(caught.value, AmbiguousWrite)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_proxy_that_refuses_fails_clearly(method, send, serve, monkeypatch):
    proxy = serve(lambda seen: (407, {}, b""))
    monkeypatch.setenv("https_proxy", proxy.url.replace("//", f"//me:{SECRET}@"))

    with pytest.raises(
        AccessError, match=f"^{method} {URL}: the proxy refused the connection or is unreachable .check the proxy env"
    ) as caught:
        send(Request(method, URL), retries=1)

    assert not isinstance(caught.value, AmbiguousWrite)
    assert [seen.method for seen in proxy.seen] == ["CONNECT"] * 2
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    "proxy",
    [f"socks5://me:{SECRET}@127.0.0.1:1080", f"http://me:{SECRET}@127.0.0.1:port", f"ftp://me:{SECRET}@127.0.0.1"],
)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_unusable_proxy_is_reported_before_anything_is_sent(request_, proxy, send, monkeypatch):
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setitem(sys.modules, "socks", None)

    with pytest.raises(AccessError, match=r"(in https_proxy)") as caught:
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
    """Start TLS servers, which request a client certificate if ``client`` is set."""

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
        pytest.param(
            "other.example.com",
            {},
            True,
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
            id="another host",
        ),
        pytest.param(
            "127.0.0.1",
            {"not_before": LONG_AGO, "not_after": LONG_AGO + datetime.timedelta(1)},
            True,
            "certificate has expired",
            id="expired",
        ),
    ],
)
def test_certificates_are_verified_by_default_and_failures_are_explained(
    name, validity, trusted, message, send, secure, ca_path, clock
):
    https = secure(name, **validity)

    with pytest.raises(AccessError) as caught:
        send(Request("POST", https.url), ca_path=ca_path if trusted else None)

    assert caught.value.message == f"POST {https.url}: TLS: {message}. Check url, ca_path, client_cert and client_key"
    assert not isinstance(caught.value, AmbiguousWrite)
    assert (https.seen, clock.slept) == ([], [])


def test_ca_path_is_trusted(send, secure, ca_path):
    assert send(Request("GET", secure().url), ca_path=ca_path).ok


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_bundle_from_the_environment_is_trusted(variable, send, secure, ca_path, monkeypatch):
    monkeypatch.setenv(variable, ca_path)

    assert send(Request("GET", secure().url)).ok


def test_verification_can_be_turned_off_without_warnings(send, secure, recwarn):
    assert send(Request("GET", secure().url), validate_certs=False).ok
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("combined", [True, False], ids=["one file", "two files"])
def test_client_certificate_is_sent(combined, send, secure, ca_path, authority, tmp_path):
    certificate = authority.issue_cert("me@example.com")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    files = (
        {"client_cert": str(tmp_path / "both.pem")}
        if combined
        else {"client_cert": str(tmp_path / "cert.pem"), "client_key": str(tmp_path / "key.pem")}
    )
    https = secure(client=True)

    assert send(Request("GET", https.url), ca_path=ca_path, **files).ok
    with pytest.raises(AccessError):
        send(Request("GET", https.url), ca_path=ca_path, retries=0)


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be sent: ca_path, client_cert or client_key cannot be read"),
        (b"no certificate", "TLS: the handshake failed. Check url, ca_path"),
    ],
    ids=["missing", "garbage"],
)
def test_invalid_certificate_file_fails_clearly(option, content, message, send, secure, tmp_path):
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(AccessError, match=message):
        send(Request("GET", secure().url), **{option: str(file)})
