# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server in place of all platforms: ``https://HOST/PATH`` is ``URL/HOST/PATH``. It accepts what ``platforms.py`` lists, and nothing else."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import typing as t
import urllib.parse

from other_platforms.platforms import ISSUERS, PLATFORMS, Platform, Refusal, value

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class StandIn(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        #: The names of the platforms that issued a token or refused one, and that an API call arrived for.
        self.issued: list[str] = []
        self.refused: list[str] = []
        self.called: list[str] = []
        #: How requests differ from the documentation.
        self.differences: list[str] = []

    def answer(self, method: str, address: str, headers: t.Mapping[str, str], body: str) -> Refusal:
        """The answer to a request. A token request that differs in nothing but secrets is one with wrong credentials."""
        host_and_path, _mark, _query = address.partition("?")
        if host_and_path.endswith("/.well-known/openid-configuration"):
            return self._discovery(host_and_path.removesuffix("/.well-known/openid-configuration"))
        at_endpoint = [platform for platform in PLATFORMS if platform.token == host_and_path]
        if at_endpoint:
            return self._token(at_endpoint, method, address, headers, body)
        return self._call([p for p in PLATFORMS if p.call == address], method, address, headers)

    def _discovery(self, issuer: str) -> Refusal:
        if issuer not in ISSUERS:
            return Refusal("", 404, {})
        endpoints = {name: f"{self.url}/{address}" for name, address in ISSUERS[issuer].items()}
        methods = ["private_key_jwt", "client_secret_basic", "client_secret_post"]
        return Refusal(
            "",
            200,
            {"issuer": f"{self.url}/{issuer}", **endpoints, "token_endpoint_auth_methods_supported": methods},
        )

    def _token(
        self, candidates: list[Platform], method: str, address: str, headers: t.Mapping[str, str], body: str
    ) -> Refusal:
        found = {
            "request": f"{method} {address}",
            "content": headers.get("Content-Type"),
            "basic": headers.get("Authorization") or None,
            "form": sorted(urllib.parse.parse_qsl(body, keep_blank_values=True)),
        }
        wanted = {platform.name: self.expected(platform) for platform in candidates}
        for platform in candidates:
            if found == wanted[platform.name]:
                self.issued.append(platform.name)
                token = f"s3cr3t-access-{platform.name.replace(' ', '-')}-{len(self.issued)}"
                return Refusal("", 200, {"access_token": token, **platform.answer})
        for platform in candidates:
            if _without_secrets(found) == _without_secrets(wanted[platform.name]):
                self.refused.append(platform.name)
                return platform.refusal
        self.differences.append(f"{found}, not {list(wanted.values())}")
        return Refusal("", 400, {"error": "invalid_request"})

    def expected(self, platform: Platform) -> dict[str, t.Any]:
        """The token request with the right credentials."""
        basic = platform.basic and base64.b64encode(":".join(map(value, platform.basic)).encode()).decode()
        return {
            "request": f"POST {platform.token}",
            "content": FORM,
            "basic": basic and f"Basic {basic}",
            "form": sorted(platform.form.items()),
        }

    def _call(self, candidates: list[Platform], method: str, address: str, headers: t.Mapping[str, str]) -> Refusal:
        if not candidates or method != "GET":
            self.differences.append(f"{method} {address} is not documented")
            return Refusal("", 404, {"error": "not_found"})
        (platform,) = candidates
        token = f"s3cr3t-access-{platform.name.replace(' ', '-')}-"
        for name, text in platform.headers.items():
            before, _place, _after = text.partition("{}")
            sent = headers.get(name, "")
            is_right = sent.startswith(before + token) if "{}" in text else sent == text
            if not is_right:
                if platform.token:
                    self.differences.append(f"{platform.name}: the header {name} is {sent!r}")
                else:
                    self.refused.append(platform.name)
                return platform.refusal
        self.called.append(platform.name)
        return Refusal("", 200, {"items": []})


def _without_secrets(request: dict[str, t.Any]) -> dict[str, t.Any]:
    """The request as it is for any credentials: the user's password, the client's secret, an assertion, a refresh token."""
    secrets = ("client_secret", "password", "assertion", "refresh_token")
    form = [(name, "" if name in secrets else text) for name, text in request["form"]]
    return {**request, "form": form, "basic": bool(request["basic"])}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        answer = self.server.answer(self.command, self.path.lstrip("/"), self.headers, body)
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, text in {"Content-Type": JSON, **answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _handle

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@contextlib.contextmanager
def stand_in() -> t.Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
