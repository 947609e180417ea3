# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.access import Access
from ansible_collections.mediaops.access.plugins.plugin_utils._vault_kv2 import VAULT, VaultSecret
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange

URL = "https://vault.example.com:8200"
CREDENTIALS = {
    "applications": {"Reviewer": {"client_id": "client-1", "client_secret": "hush-1"}},
    "tokens": {"mrm": {"access_token": "hush-token", "expires_at": "2027-01-15T08:00:00Z"}},
}
MISMATCH = {"answer": {"errors": ["check-and-set parameter did not match the current version"]}, "status": 400}
DENIED = {"answer": {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}, "status": 403}


def sent(method, kind="data", answer=b"", place="secret/{}/mediaops", token="hush-vault", namespace=None, **kwargs):
    """A request with Vault's headers, as documented for its HTTP API."""
    expected = call(method, f"{URL}/v1/{place.format(kind)}", answer, **kwargs)
    wanted = {"X-Vault-Token": token, "X-Vault-Namespace": namespace, "X-Vault-Request": "true"}

    def vaults_headers(request):
        found = {name: request.headers.get(name) for name in wanted}
        return found == wanted, f"Vault's headers are {found}, and must be {wanted}"

    expected.match = [*expected.match, vaults_headers]
    return expected


def read(data=..., version=3, **kwargs):
    """A secret as Vault returns it, by default with the credentials."""
    data = CREDENTIALS if data is ... else data
    metadata = {
        "created_time": "2027-01-01T00:00:00Z",
        "custom_metadata": None,
        "deletion_time": "",
        "destroyed": False,
        "version": version,
    }
    return sent("GET", answer={"request_id": "x", "data": {"data": data, "metadata": metadata}}, **kwargs)


def missing(**kwargs):
    return sent("GET", answer={"errors": []}, status=404, **kwargs)


def deleted(version=3, destroyed=False):
    """A secret whose last version was deleted or destroyed: a 404 with that version."""
    metadata = {
        "created_time": "2027-01-01T00:00:00Z",
        "deletion_time": "2027-01-02T00:00:00Z",
        "destroyed": destroyed,
        "version": version,
    }
    return sent("GET", answer={"data": {"data": None, "metadata": metadata}}, status=404)


def write(cas, data=..., **kwargs):
    answer = kwargs.pop("answer", {"data": {"version": cas + 1}})
    return sent(
        "POST", answer=answer, json={"options": {"cas": cas}, "data": CREDENTIALS if data is ... else data}, **kwargs
    )


def remove(**kwargs):
    return sent("DELETE", "metadata", **{"status": 204, **kwargs})


@pytest.fixture
def place(tmp_path, clock):
    """Opens the secret as a run does."""

    def open_secret(**options):
        defaults = {name: option.get("default") for name, option in VAULT.argument_spec().items()}
        params = {
            **defaults,
            "token_cache": str(tmp_path / "cache"),
            "url": URL,
            "path": "mediaops",
            "token": "hush-vault",
            **options,
        }
        return VaultSecret(Access(VAULT, params, secrets=Secrets(), clock=clock))

    return open_secret


def deliver(place, *calls, wanted=None):
    """Delivers credentials as the action does. Returns whether the secret was written."""
    with exchange(*calls):
        _before, after, changed = place.compare(wanted or CREDENTIALS)
        if changed:
            place.write(after)
    return changed


# --- writing -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "cas"),
    [
        pytest.param(missing(), 0, id="never written"),
        pytest.param(deleted(3), 3, id="deleted"),
        pytest.param(deleted(7, destroyed=True), 7, id="destroyed"),
        pytest.param(read({"applications": {}, "tokens": {}}), 3, id="without credentials"),
        pytest.param(read({**CREDENTIALS, "tokens": {}}, 12), 12, id="with others"),
        pytest.param(read({"password": "x"}), 3, id="something else"),
        pytest.param(read({}), 3, id="empty"),
    ],
)
def test_a_secret_is_written_in_the_version_after_the_one_that_was_read(place, found, cas):
    assert deliver(place(), found, write(cas)) is True


def test_a_secret_that_is_equal_is_not_written(place):
    assert deliver(place(), read()) is False


@pytest.mark.parametrize(
    "content",
    [
        {"password": "x"},
        {"applications": [], "tokens": {}},
        {"applications": {"Reviewer": "client-1"}, "tokens": {}},
        {**CREDENTIALS, "password": "x"},
    ],
    ids=["something else", "a list in place of a kind", "text in place of an application", "something beside"],
)
def test_a_secret_that_was_not_delivered_is_told(place, content):
    secret = place()
    assert deliver(secret, read(content), write(3)) is True
    assert secret.foreign == f"the secret secret/mediaops at {URL} has content that was not delivered"


@pytest.mark.parametrize("found", [missing(), deleted(3)], ids=["never written", "deleted"])
def test_without_known_credentials_no_secret_is_made(place, found):
    assert deliver(place(), found, wanted={"applications": {"Reviewer": None}, "tokens": {}}) is False


def test_credentials_of_unknown_value_are_kept(place):
    assert (
        deliver(place(), read(), wanted={"applications": {"Reviewer": None}, "tokens": {"mrm": {"access_token": None}}})
        is False
    )
    assert (
        deliver(
            place(),
            read(),
            write(3, {**CREDENTIALS, "tokens": {}}),
            wanted={"applications": {"Reviewer": None}, "tokens": {}},
        )
        is True
    )


@pytest.mark.parametrize(
    ("options", "where"),
    [
        pytest.param({"mount": "/kv/team/"}, "kv/team/{}/mediaops", id="mount"),
        pytest.param({"path": "/a/b/"}, "secret/{}/a/b", id="path"),
        pytest.param({"path": "a b/é?#%"}, "secret/{}/a%20b/%C3%A9%3F%23%25", id="characters of a URL"),
        pytest.param({"url": f"{URL}/"}, "secret/{}/mediaops", id="url with a slash"),
    ],
)
def test_mount_and_path_determine_the_location(place, options, where):
    assert deliver(place(**options), missing(place=where), write(0, place=where)) is True


def test_the_namespace_is_a_header(place):
    assert deliver(place(namespace="team"), missing(namespace="team"), write(0, namespace="team")) is True


# --- check-and-set -----------------------------------------------------------------------------------------------------------


def test_a_concurrent_write_is_not_overwritten(place):
    with pytest.raises(AccessError, match="check-and-set parameter did not match"):
        deliver(place(), read({**CREDENTIALS, "tokens": {}}), write(3, **MISMATCH), read({"other": {}}, 4))


def test_an_equal_concurrent_write_is_not_an_error(place):
    assert deliver(place(), read({**CREDENTIALS, "tokens": {}}), write(3, **MISMATCH), read(version=4)) is True


@pytest.mark.parametrize("lost", [{"answer": NO_ANSWER}, {"answer": "", "status": 502}], ids=["no answer", "502"])
def test_a_write_without_a_response_is_repeated_as_check_and_set_makes_it_safe(place, lost):
    assert deliver(place(), missing(), write(0, **lost), write(0)) is True
    assert deliver(place(), missing(), write(0, **lost), write(0, **MISMATCH), read(version=1)) is True


# --- removing ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "exists"),
    [(read(), True), (deleted(), True), (missing(), False)],
    ids=["there", "deleted", "never written"],
)
def test_whether_there_is_anything_to_remove(place, found, exists):
    with exchange(found):
        assert place().exists() is exists


def test_all_versions_are_removed(place):
    with exchange(remove()):
        place().remove()


def test_removing_is_idempotent_so_it_is_repeated(place):
    with exchange(remove(answer=NO_ANSWER), remove(answer="", status=500), remove()):
        place().remove()


# --- failures ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "status", "words"),
    [
        pytest.param([sent("GET", **DENIED)], 403, ["permission denied", "Check token"], id="no right to read"),
        pytest.param([missing(), write(0, **DENIED)], 403, ["permission denied", "policy"], id="no right to write"),
        pytest.param(
            [missing(), write(0, answer={"errors": ["no handler for route"]}, status=404)],
            404,
            ["no handler", "Check mount"],
            id="no mount",
        ),
        pytest.param(
            [sent("GET", answer={"errors": ["Vault is sealed"]}, status=503)], 503, ["Vault is sealed"], id="sealed"
        ),
        pytest.param([sent("GET", answer="<html>Vault</html>")], 200, ["an HTML page", "url"], id="HTML"),
        pytest.param(
            [sent("GET", answer={"data": {"password": "x"}})],
            200,
            ["data", "lacks data and metadata"],
            id="version 1 of the engine",
        ),
        pytest.param(
            [sent("GET", answer={"data": {"data": {}, "metadata": {"version": "3"}}})],
            200,
            ["version", "integer"],
            id="no version",
        ),
        pytest.param([sent("GET", answer="")], 200, ["null"], id="nothing"),
    ],
)
def test_errors_are_clear_failures(place, calls, status, words):
    with pytest.raises(AccessError) as caught:
        deliver(place(retries=0), *calls)
    assert caught.value.status == status
    for word in words:
        assert word in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("option", ["token", "path"])
@pytest.mark.parametrize("value", [None, ""], ids=repr)
def test_token_and_path_must_be_given(place, option, value):
    with pytest.raises(AccessError, match=f"{option} must be given"):
        deliver(place(**{option: value}))


@pytest.mark.parametrize("url", [None, "vault:8200"], ids=repr)
def test_the_url_must_be_one(place, url):
    with pytest.raises(AccessError, match="url must be"):
        place(url=url)
