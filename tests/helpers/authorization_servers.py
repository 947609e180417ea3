# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OAuth 2.0 servers on loopback, all with TLS and the same clients and users: the sandbox, and two that are not ours."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import pathlib
import re
import subprocess
import time
import typing as t
import urllib.parse

import jwt
import requests
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Facts = dict[str, t.Any]

GRANT = "urn:ietf:params:oauth:grant-type:"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
REDIRECT, RESOURCE = "https://client.example.com/callback", "https://api.example.com/"
TLS_NAME = "pipeline.example.com"
USERS = {"editor@example.com": "s3cr3t/of+the=editor %", "leaver": "s3cr3t&of the: leaver"}
EDITOR, LEAVER = USERS
VERIFIER = "s3cr3t-verifier." + "v" * 40
ASSERTION_KEY = "s3cr3t-key-of-assertions-in-32-characters"
ADMIN = {"client_id": "resource server", "client_secret": "s3cr3t-of-the-resource-server"}


class Certificates:
    """A certificate authority of our own, a server and a client."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.ca, self.server_cert, self.server_key = (folder / name for name in ("ca.pem", "server.pem", "server.key"))
        self.client_cert, self.client_key = folder / "client.pem", folder / "client.key"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert(TLS_NAME)
        server.cert_chain_pems[0].write_to_path(str(self.server_cert))
        server.private_key_pem.write_to_path(str(self.server_key))
        client.cert_chain_pems[0].write_to_path(str(self.client_cert))
        client.private_key_pem.write_to_path(str(self.client_key))


class _Key:
    """A private key for assertions: PEM and public JWK."""

    def __init__(self, key: t.Any, algorithm: str, name: str) -> None:
        self.algorithm, self.name = algorithm, name
        self.private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        public = key.public_key()
        self.public = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True)
        self.jwk = {**jwk, "kid": name, "use": "sig", "alg": algorithm}

    @property
    def options(self) -> Facts:
        return {
            "private_key": self.private,
            "private_key_id": self.name,
            "private_key_algorithm": self.algorithm,
            "client_auth": "private_key_jwt",
        }


RSA_KEY = _Key(rsa.generate_private_key(65537, 2048), "RS256", "rsa-2026")
EC_KEY = _Key(ec.generate_private_key(ec.SECP256R1()), "ES256", "ec-2026")


@dataclasses.dataclass(frozen=True)
class Client:
    """A client as it is registered, and as the options of a task describe it."""

    client_id: str
    method: str
    grants: tuple[str, ...] = ("client_credentials",)
    secret: str | None = None
    key: _Key | None = None
    states_method: bool = True

    def options(self, certificates: Certificates) -> Facts:
        found: Facts = {"client_id": self.client_id}
        if self.secret:
            found["client_secret"] = self.secret
        if self.states_method:
            found["client_auth"] = self.method
        if self.method == "tls_client_auth":
            found |= {"client_cert": str(certificates.client_cert), "client_key": str(certificates.client_key)}
        return {**found, **(self.key.options if self.key else {})}

    def metadata(self) -> Facts:
        """Client metadata (RFC 7591, section 2; RFC 8705, section 2.1.2)."""
        has_code = "authorization_code" in self.grants
        found = {
            "client_id": self.client_id,
            "token_endpoint_auth_method": self.method,
            "grant_types": list(self.grants),
            "redirect_uris": [REDIRECT] if has_code else [],
            "response_types": ["code"] if has_code else [],
            "scope": "read write",
        }
        if self.secret:
            found["client_secret"] = self.secret
        if self.key:
            found["jwks"] = {"keys": [self.key.jwk]}
        return {**found, **({"tls_client_auth_san_dns": TLS_NAME} if self.method == "tls_client_auth" else {})}

    def sandbox_state(self) -> Facts:
        found: Facts = {"client_id": self.client_id, "client_secret": self.secret, "redirect_uris": [REDIRECT]}
        if self.key:
            found["public_key"] = self.key.public
        return {**found, **({"certificate": True} if self.method == "tls_client_auth" else {})}


def clients(basic: tuple[str, str], post: tuple[str, str], grants: tuple[str, ...]) -> dict[str, Client]:
    """A client for each method; ``basic`` and ``post``: ID and secret of those that send them."""
    users = tuple(grant for grant in grants if grant in ("password", "authorization_code", "refresh_token"))
    found = {
        "basic": Client(basic[0], "client_secret_basic", grants, basic[1], states_method=False),
        "post": Client(post[0], "client_secret_post", secret=post[1]),
        "secret_jwt": Client("secret signer", "client_secret_jwt", secret="s3cr3t of the signer, in 32 characters"),
        "rsa_jwt": Client("rsa signer", "private_key_jwt", key=RSA_KEY),
        "ec_jwt": Client("ec signer", "private_key_jwt", key=EC_KEY),
        "tls": Client("certified", "tls_client_auth"),
        "public": Client("app", "none", users),
        "issuer_of_assertions": Client("issuer", "none", (f"{GRANT}jwt-bearer",)),
    }
    found["admin"] = Client(ADMIN["client_id"], "client_secret_basic", secret=ADMIN["client_secret"])
    return found


class Server:
    """A server, its own view of tokens and requests, and a user's browser."""

    name: t.ClassVar[str]
    #: The conditions that tasks may have as a tag `needs_…`.
    meets: t.ClassVar[frozenset[str]]
    #: The ID and secret of the client that uses HTTP Basic authentication, and of the one that sends them in the form.
    basic: t.ClassVar[tuple[str, str]] = ("média: 100%+1 /client", "s3cr3t %+:&=/ü of the client")
    post: t.ClassVar[tuple[str, str]] = ("in: the förm+% /client", "s3cr3t %+:&=/ü of the form")
    #: The path of the introspection endpoint below the issuer.
    introspection: t.ClassVar[str]

    def __init__(self, command: list[str], folder: pathlib.Path, certificates: Certificates) -> None:
        grants = ("client_credentials", "password", "authorization_code", "refresh_token", f"{GRANT}token-exchange")
        self.clients = clients(self.basic, self.post, grants)
        self.certificates = certificates
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(certificates.ca)
        self._log = folder / "log"
        self._seen = 0
        self._process = self._start(command, folder)
        try:
            self.issuer: str = self._wait_for(folder)
        except BaseException:
            self.stop()
            raise

    def _start(self, command: list[str], folder: pathlib.Path) -> subprocess.Popen[bytes]:
        files = self.certificates
        tls = {name: getattr(files, f"server_{name}").read_text() for name in ("cert", "key")}
        settings = {
            "clients": [client.metadata() for client in self.clients.values() if self._registers(client)],
            "users": USERS,
            "admin": ADMIN["client_id"],
            "resource": RESOURCE,
            "assertion_key": ASSERTION_KEY,
            "tls": {
                **tls,
                "ca": files.ca.read_text(),
                "cert_file": str(files.server_cert),
                "key_file": str(files.server_key),
            },
        }
        with self._log.open("wb") as log, (folder / "errors").open("wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=errors, cwd=folder)
        assert process.stdin
        with process.stdin as settings_of_the_server:
            settings_of_the_server.write(json.dumps(settings).encode())
        return process

    def _registers(self, client: Client) -> bool:
        return True

    def _wait_for(self, folder: pathlib.Path) -> str:
        deadline = time.monotonic() + 60
        while not (lines := self._lines()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start: {(folder / 'errors').read_text()[-2000:]}")
            time.sleep(0.05)
        self._seen = 1
        return str(lines[0]["issuer"])

    def stop(self) -> None:
        self.session.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lines(self) -> list[Facts]:
        return [
            json.loads(line)
            for line in self._log.read_text(encoding="utf-8").splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]

    def requests(self) -> list[Facts]:
        """The requests to the endpoints for tokens since the last call: `endpoint`, `grant`, `client`, `auth`, `resource`, `error`."""
        lines = self._lines()
        new, self._seen = lines[self._seen :], len(lines)
        return new

    @property
    def options(self) -> Facts:
        """The options that all clients share."""
        return {"issuer": self.issuer, "url": f"{self.issuer}/api", "ca_path": str(self.certificates.ca)}

    # --- the server's view ------------------------------------------------------------------------------------------------

    def introspect(self, token: str) -> Facts:
        """What the server states about a token, asked as a resource server does (RFC 7662)."""
        quoted = tuple(map(urllib.parse.quote, (ADMIN["client_id"], ADMIN["client_secret"])))
        answer = self.session.post(f"{self.issuer}{self.introspection}", {"token": token}, auth=quoted, timeout=30)
        answer.raise_for_status()
        self.requests()
        return answer.json()

    def end(self, access_tokens: list[str]) -> None:
        """End access tokens, but not the logins that they came from."""
        self.session.post(f"{self.issuer}/test/end", json=access_tokens, timeout=30).raise_for_status()

    # --- a user's browser -------------------------------------------------------------------------------------------------

    def authorize(self, client: str, scope: str = "read", authorization: str = "/authorize") -> str:
        """The code that a client gets after a user has logged in and consented (RFC 6749, section 4.1; RFC 7636)."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        parameters = {
            "client_id": self.clients[client].client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": scope,
            "state": "xyz",
            "code_challenge": digest,
            "code_challenge_method": "S256",
        }
        self.session.cookies.clear()
        url, form = f"{self.issuer}{authorization}?{urllib.parse.urlencode(parameters)}", None
        for _page in range(12):
            method = "GET" if form is None else "POST"
            answer = self.session.request(method, url, data=form, allow_redirects=False, timeout=30)
            if answer.is_redirect:
                url, form = urllib.parse.urljoin(url, answer.headers["location"]), None
                if url.startswith(REDIRECT):
                    found = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
                    assert found["state"] == ["xyz"], url
                    return found["code"][0]
            else:
                url, form = self._fill_in(url, answer.text)
        raise AssertionError("login and consent do not end")

    def _fill_in(self, url: str, page: str) -> tuple[str, Facts]:
        action = re.search(r'<form[^>]* action="([^"]+)"', page)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        assert "<form" in page, page
        target = urllib.parse.urljoin(url, action.group(1)) if action else url
        return target, {**hidden, "login": EDITOR, "password": USERS[EDITOR]}

    def request_token(self, form: Facts, client: str = "basic") -> Facts:
        """A token for a test's own use, by the endpoint's plain rules."""
        known = self.clients[client]
        auth = tuple(map(urllib.parse.quote, (known.client_id, known.secret or "")))
        answer = self.session.post(f"{self.issuer}/token", form, auth=auth, timeout=30)
        assert answer.ok, answer.text
        self.requests()
        return answer.json()

    def obtain_elsewhere(self) -> Facts:
        """Codes, a refresh token and a subject token for the tasks."""
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        first, second = (self.request_token({**form, "code": self.authorize("basic")}) for _number in range(2))
        claims = {"iss": self.clients["issuer_of_assertions"].client_id, "sub": EDITOR, "aud": self.issuer}
        claims |= {"iat": int(time.time()), "exp": int(time.time()) + 600, "jti": "1"}
        return {
            "codes": {name: self.authorize(name) for name in ("basic", "public")},
            "refresh_token": first["refresh_token"],
            "subject_token": second["access_token"],
            "read_only": second["refresh_token"],
            "assertion": jwt.encode(claims, ASSERTION_KEY, "HS256"),
        }

    def variables(self) -> Facts:
        """The variable `server` of the plays."""
        return {
            "options": self.options,
            "clients": {name: client.options(self.certificates) for name, client in self.clients.items()},
            "user": {"name": EDITOR, "password": USERS[EDITOR]},
            "leaver": {"name": LEAVER, "password": USERS[LEAVER]},
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "resource": RESOURCE,
        }


class OidcProvider(Server):
    """npm's oidc-provider. Its client IDs and secrets are ASCII, as RFC 6749 has them (appendix A)."""

    name = "oidc-provider"
    meets = frozenset(("tls_client_auth", "resource"))
    basic = ("media: 100%+1 /client", "s3cr3t %+:&=/ of the client")
    post = ("in: the form+% /client", "s3cr3t %+:&=/ of the form")
    introspection = "/token/introspection"

    def _registers(self, client: Client) -> bool:
        return f"{GRANT}jwt-bearer" not in client.grants

    def authorize(self, client: str, scope: str = "read", authorization: str = "/auth") -> str:
        return super().authorize(client, scope, authorization)


class Authlib(Server):
    """PyPI's Authlib, on Flask. In Basic credentials it does not decode a plus sign to a blank, so these have no blank."""

    name = "Authlib"
    meets = frozenset(("jwt_bearer",))
    basic = ("média:100%+1/client", "s3cr3t%+:&=/ü-of-the-client")
    introspection = "/introspect"

    def _registers(self, client: Client) -> bool:
        return client.method != "tls_client_auth"


class SandboxServer(Server):
    """The sandbox's platform `oauth2`, in a process of its own that requires a client certificate."""

    name = "sandbox"
    meets = frozenset(("tls_client_auth", "jwt_bearer", "resource"))
    introspection = "/introspect"

    def _start(self, command: list[str], folder: pathlib.Path) -> subprocess.Popen[bytes]:
        files, self._ready = self.certificates, folder / "ready.json"
        self._log.touch()
        self.session.cert = (str(files.client_cert), str(files.client_key))
        arguments = [f"--tls-cert={files.server_cert}", f"--tls-key={files.server_key}", f"--tls-client-ca={files.ca}"]
        arguments += ["--quiet", "--port=0", f"--ready-file={self._ready}"]
        with (folder / "errors").open("wb") as errors:
            return subprocess.Popen([*command, *arguments], stdin=subprocess.DEVNULL, stderr=errors, cwd=folder)

    def _wait_for(self, folder: pathlib.Path) -> str:
        deadline = time.monotonic() + 60
        while not self._ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the sandbox did not start: {(folder / 'errors').read_text()[-2000:]}")
            time.sleep(0.05)
        self._root: str = json.loads(self._ready.read_text(encoding="utf-8"))["url"]
        users = [{"username": name, "password": password} for name, password in USERS.items()]
        self._control(
            "state/oauth2",
            "PUT",
            {
                "clients": [client.sandbox_state() for client in self.clients.values()],
                "users": users,
                "assertion_secret": ASSERTION_KEY,
            },
        )
        return f"{self._root}/oauth2"

    def _control(self, path: str, method: str = "GET", body: t.Any = None) -> t.Any:
        answer = self.session.request(method, f"{self._root}/_sandbox/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    @property
    def options(self) -> Facts:
        files = self.certificates
        return {**super().options, "client_cert": str(files.client_cert), "client_key": str(files.client_key)}

    def requests(self) -> list[Facts]:
        names = {"/token": "token", "/revoke": "revocation", "/introspect": "introspection"}
        entries = [entry for entry in self._control("requests?platform=oauth2") if entry["path"] in names]
        new, self._seen = entries[self._seen :], len(entries)
        return [{"endpoint": names[entry["path"]], "status": entry["status"]} for entry in new]

    def end(self, access_tokens: list[str]) -> None:
        tokens = self._control("state/oauth2")["tokens"]
        kept = [token for token in tokens if token["value"] not in access_tokens]
        self._control("state/oauth2", "PUT", {"tokens": kept})
