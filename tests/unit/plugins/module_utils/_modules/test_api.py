# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common behaviour of all *_api modules, tested with flex_api. The tests of each module cover its specifics."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._modules.definition import SENSITIVE
from ansible_collections.mediaops.access.plugins.modules import flex_api, flex_token
from ansible_collections.mediaops.access.tests.unit.plugins.modules.conftest import lonely_process, runs
from ansible_collections.mediaops.access.tests.unit.plugins.modules.exchange import NO_ANSWER, call, exchange
from ansible_collections.mediaops.access.tests.unit.plugins.modules.flex import URL, token

__all__ = ["lonely_process", "runs"]
CONNECTION = {"url": URL, "client_id": "client-1", "client_secret": "hush-client"}
JSON = {"Content-Type": "application/json"}
READS = ["GET", "HEAD", "OPTIONS"]
WRITES = ["POST", "PUT", "PATCH", "DELETE"]

every_write = pytest.mark.parametrize("method", WRITES)


def login(access_token="hush-token"):
    return token({"access_token": access_token, "expires_in": 3599}, secret="hush-client")


def sent(method, below="/api/things", answer=b"", *, token="hush-token", headers=None, text=None, more=None, **kwargs):
    """A request with the token, a body of ``text`` and ``more`` headers, which exchange.py does not check."""
    expected = call(
        method, URL + below, answer, headers={"Authorization": f"Bearer {token}", **(headers or {})}, **kwargs
    )
    matches = list(expected.match)
    if text is not None:
        matches[1] = lambda request: (request.body == text.encode(), f"the body is {request.body!r}")
    for name, value in (more or {}).items():
        matches.append(
            lambda request, name=name, value=value: (
                request.headers.get(name) == value,
                f"{name} is {request.headers.get(name)!r}",
            )
        )
    expected.match = matches
    return expected


@pytest.fixture
def api(runs):
    """With a token in the cache."""
    runs(flex_token, **CONNECTION)(login())
    return runs(flex_api, **CONNECTION, path="/api/things")


# --- secrecy -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"answer": {"next": f"{URL}/api/things?page=2&key=hush-token"}}, id="the token in a URL"),
        pytest.param({"answer": ["hush-token"]}, id="the token alone"),
        pytest.param({"answer": "you sent hush-token"}, id="the token in a text"),
        pytest.param({"answer": "", "answer_headers": {"X-Sent": "Bearer hush-token"}}, id="the token in a header"),
        pytest.param({"answer": "<client_secret>new</client_secret>"}, id="a new secret in XML"),
    ],
)
def test_a_response_with_a_secret_is_marked_as_sensitive(api, answer):
    assert api(sent("GET", **answer))[SENSITIVE] is True


def test_a_response_without_a_secret_is_displayed(api):
    assert SENSITIVE not in api(sent("GET", answer={"things": 1}))


# --- the request -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["api/things", "/api/things", "//api/things"])
@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_a_path_is_below_the_url_with_or_without_a_slash(api, path, url):
    assert api(sent("GET"), path=path, url=url)["status"] == 200


@pytest.mark.parametrize("path", ["", "/"])
def test_the_path_can_be_empty(api, path):
    api(sent("GET", "/"), path=path)


def test_a_path_keeps_its_matrix_parameters_and_its_encoding(api):
    api(sent("GET", "/api/accounts;limit=1;name=a%2Fb"), path="api/accounts;limit=1;name=a%2Fb")


def test_a_path_may_bring_a_query_along(api):
    api(sent("GET", query={"a": "1", "b": "2"}), path="api/things?a=1", query={"b": 2})


@pytest.mark.parametrize(
    "path",
    ["https://attacker.example.com/", "/https://attacker.example.com/", "http://flex.test:18101/api/things", "ftp://x"],
)
def test_a_path_that_is_a_url_is_refused_as_the_token_belongs_to_the_platform(api, path):
    assert "path must be relative to url" in api.fail(path=path)["msg"]


CLIMBING = [
    "../admin",
    "api/../../admin",
    "/api/%2e%2e/%2E%2E/admin",
    "..",
    "..#x",
    "..;a=1/admin",
    "..\\admin",
    "%252e%252e/admin",
    "..?a=1",
]


@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_stays_below_the_url(api, path):
    assert "path must be relative to url" in api.fail(path=path, url=f"{URL}/below")["msg"]


@pytest.mark.parametrize(
    ("query", "travels"),
    [
        pytest.param({"page": 1, "name": "a b&c"}, {"page": "1", "name": "a b&c"}, id="numbers and characters"),
        pytest.param({"a": None, "b": ""}, {"b": ""}, id="null is left out"),
        pytest.param({"a": True, "b": False}, {"a": "true", "b": "false"}, id="booleans"),
        pytest.param({"a": [1, True]}, {"a": ["1", "true"]}, id="a list"),
        pytest.param({}, {}, id="empty"),
    ],
)
def test_the_query_is_encoded(api, query, travels):
    api(sent("GET", query=travels), query=query)


@pytest.mark.parametrize(
    "options",
    [{"query": {"a": {"b": 1}}}, {"query": {"a": [[1]]}}, {"headers": {"X-A": {"b": 1}}}, {"headers": {"X-A": [1]}}],
)
def test_values_without_a_string_form_are_rejected(api, options):
    assert "query and headers accept strings, numbers and booleans" in api.fail(**options)["msg"]


def test_a_header_may_be_left_out_or_be_a_boolean(api):
    api(sent("GET", more={"X-A": "true", "X-B": None}), headers={"X-A": True, "X-B": None})


def test_an_unexpected_status_is_reported_with_the_expected_ones(api):
    assert (
        "was answered with HTTP 200 and JSON without an error message. Expected status: 201 or 202"
        in api.fail(sent("GET", answer=[]), status_code=[201, 202])["msg"]
    )


def test_a_rejected_token_may_be_the_expected_status(api):
    call = sent("GET", status=401, answer={"message": "no"}, token="mine")

    assert api(call, access_token="mine", client_id="", status_code=[200, 401])["status"] == 401


@pytest.mark.parametrize(
    ("body", "travels"),
    [
        pytest.param({"a": [1, {"b": None}]}, {"json": {"a": [1, {"b": None}]}}, id="a dict as JSON"),
        pytest.param([1, "a"], {"json": [1, "a"]}, id="a list as JSON"),
        pytest.param([{"a": None}], {"json": [{"a": None}]}, id="null in a list"),
        pytest.param('{"a":1}', {"text": '{"a":1}'}, id="text as it is"),
        pytest.param("<a>é</a>", {"text": "<a>é</a>"}, id="text in UTF-8"),
    ],
)
@every_write
def test_the_body(api, method, body, travels):
    api(sent(method, **travels), method=method, body=body)


@pytest.mark.parametrize("body", [{}, []], ids=repr)
def test_an_empty_dict_or_list_is_a_body_too(api, body):
    api(sent("POST", text=json.dumps(body), headers=JSON), method="POST", body=body)


@pytest.mark.parametrize("body", [5, 1.5, True], ids=repr)
def test_another_body_is_refused(api, body):
    assert "body must be a dictionary or a list" in api.fail(method="POST", body=body)["msg"]


def test_headers_are_added(api):
    api(
        sent("POST", text="a", headers={"Content-Type": "text/csv"}, more={"X-Page": "5"}),
        method="POST",
        body="a",
        headers={"Content-Type": "text/csv", "X-Page": 5},
    )


def test_headers_replace_the_modules_own_whatever_their_case(api):
    kind = "application/vnd.nativ.mio.v1+json"

    api(
        sent("POST", json={"a": 1}, headers={"Accept": kind, "Content-Type": kind}),
        method="POST",
        body={"a": 1},
        headers={"accept": kind, "CONTENT-TYPE": kind},
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer hush-foreign"},
        {"authorization": "x"},
        {"Authorization": "x", "authorization": "y", "AUTHORIZATION": "z"},
    ],
    ids=["as written", "lower case", "more than one"],
)
def test_an_authorization_header_does_not_replace_the_token(api, headers):
    api(sent("GET"), headers=headers)


def test_a_header_that_http_does_not_allow_is_a_clear_failure(api):
    assert "characters that HTTP does not allow" in api.fail(headers={"X-Page": "a\r\nX-Evil: hush-token"})["msg"]


# --- the answer --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "returned"),
    [
        pytest.param({"a": [1]}, "application/json", {"json": {"a": [1]}}, id="JSON"),
        pytest.param({"a": [1]}, "text/plain", {"json": {"a": [1]}}, id="JSON by another name"),
        pytest.param([1], None, {"json": [1]}, id="JSON without a name"),
        pytest.param("5", "application/vnd.nativ.mio.v1+json", {"json": 5}, id="a number as JSON"),
        pytest.param("null", "application/json;charset=utf-8", {"json": None}, id="null"),
        pytest.param("5", "text/plain", {"content": "5"}, id="a number as text"),
        pytest.param("<a>é</a>", "application/xml", {"content": "<a>é</a>"}, id="XML"),
        pytest.param('{"a": ', "application/json", {"content": '{"a": '}, id="broken JSON"),
        pytest.param(b"\xff\xfe", "image/png", {"content": "\ufffd\ufffd"}, id="no text"),
        pytest.param("", "application/json", {"content": ""}, id="nothing"),
    ],
)
def test_an_answer_is_returned_as_json_else_as_content(api, answer, kind, returned):
    result = api(sent("GET", answer=answer, answer_headers={"Content-Type": kind} if kind else {}))

    assert {key: result[key] for key in ("json", "content") if key in result} == returned
    assert (result["changed"], result["status"]) == (False, 200)


def test_headers_are_returned_by_their_names_in_lower_case(api):
    result = api(sent("POST", status=201, answer_headers={"Location": "/7", "X-Request-ID": "a"}), method="POST")

    assert result["status"] == 201
    assert {"location": "/7", "x-request-id": "a"}.items() <= result["headers"].items()


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204)])
def test_an_answer_without_a_body_has_empty_content(api, method, status):
    result = api(sent(method, status=status), method=method)

    assert (result["status"], result["content"], "json" in result) == (status, "", False)


@pytest.mark.parametrize(
    ("expected", "status"),
    [(None, 200), (None, 299), ([404], 404), ([200, 404], 404), (["404"], 404), ([401], 401)],
    ids=["2xx", "any 2xx", "404 alone", "404 beside 200", "404 as a string", "401"],
)
def test_a_status_that_is_expected_is_a_success(api, expected, status):
    calls = [sent("GET", status=status)]
    if status == 401:  # also for a token that is new
        calls += [login("hush-2"), sent("GET", status=status, token="hush-2")]

    assert api(*calls, status_code=expected)["status"] == status


@pytest.mark.parametrize(
    ("expected", "status"),
    [(None, 400), (None, 404), ([200], 404), ([404], 200), ([201, 202], 203)],
    ids=["400", "404", "not 404", "not 200", "not 203"],
)
def test_another_status_is_a_failure_with_the_platforms_words(api, expected, status):
    result = api.fail(sent("GET", answer={"message": "So it is"}, status=status), status_code=expected)

    assert result["status"] == status
    assert f"GET {URL}/api/things was answered with HTTP {status}: So it is" in result["msg"]


def test_an_error_in_a_response_is_a_failure_unless_a_status_is_expected(api):
    error = {"answer": {"errors": {"error": "No such account"}}, "status": 200}

    assert "No such account" in api.fail(sent("GET", **error))["msg"]
    assert api(sent("GET", **error), status_code=[200])["json"] == error["answer"]


# --- changed, and check mode -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "changed"), [(method, False) for method in READS] + [(method, True) for method in WRITES]
)
def test_reads_never_report_a_change_and_writes_always_do(api, method, changed):
    assert api(sent(method), method=method)["changed"] is changed


@pytest.mark.parametrize("method", READS)
def test_in_check_mode_reads_are_sent(api, method):
    assert api(sent(method), method=method, check_mode=True)["status"] == 200


@every_write
def test_in_check_mode_writes_are_not_sent(api, method):
    result = api(method=method, body={"a": 1}, check_mode=True)

    assert result["changed"] is True
    assert {key: result[key] for key in ("status", "json", "content", "headers")} == dict.fromkeys(
        ("status", "json", "content", "headers")
    )


@pytest.mark.parametrize(
    ("options", "words"), [({"path": "https://x"}, "path"), ({"body": 5}, "body")], ids=["path", "body"]
)
def test_check_mode_fails_if_the_real_run_would(api, options, words):
    assert words in api.fail(**{"method": "POST", **options}, check_mode=True)["msg"]


# --- what fails on the way ---------------------------------------------------------------------------------------------------

LOST = {"no answer": {"answer": NO_ANSWER}, **{str(status): {"status": status} for status in (500, 502, 503, 504)}}
every_loss = pytest.mark.parametrize("lost", LOST.values(), ids=LOST)


@pytest.mark.parametrize("method", READS)
@every_loss
def test_reads_are_repeated(api, method, lost):
    assert api(sent(method, **lost), sent(method), method=method)["status"] == 200


@every_write
@every_loss
def test_writes_are_never_repeated_and_the_failure_says_that_they_may_have_been_applied(api, method, lost):
    result = api.fail(sent(method, **lost), method=method)

    assert f"{method} {URL}/api/things" in result["msg"]
    assert "the outcome is unknown" in result["msg"]


@every_write
def test_rate_limited_writes_are_repeated_as_nothing_was_applied(api, clock, method):
    assert (
        api(sent(method, status=429, answer_headers={"Retry-After": "7"}), sent(method), method=method)["changed"]
        is True
    )
    assert sum(clock.slept) >= 7


# --- the token ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", READS + WRITES)
def test_a_stale_token_is_replaced_once_and_the_same_request_repeated(api, method):
    body = {} if method in READS else {"json": {"a": 1}}
    calls = [sent(method, status=401, **body), login("hush-2"), sent(method, token="hush-2", **body)]

    assert api(*calls, method=method, body=body.get("json"))["status"] == 200


def test_a_token_is_replaced_once_only(api):
    result = api.fail(
        sent("GET", status=401), login("hush-2"), sent("GET", answer="Still not", status=401, token="hush-2")
    )

    assert result["status"] == 401
    assert "Still not" in result["msg"]


def test_without_a_cached_token_there_is_a_login_first(runs):
    assert runs(flex_api, **CONNECTION)(login(), sent("GET"), path="api/things")["status"] == 200


def test_a_supplied_token_is_used(runs):
    assert (
        runs(flex_api, url=URL)(sent("GET", token="hush-given"), path="api/things", access_token="hush-given")["status"]
        == 200
    )


def test_a_supplied_token_that_is_rejected_is_replaced_with_the_credentials_beside_it(runs):
    calls = [sent("GET", status=401, token="hush-given"), login(), sent("GET")]

    assert runs(flex_api, **CONNECTION)(*calls, path="api/things", access_token="hush-given")["status"] == 200


def test_a_supplied_token_that_is_rejected_fails_if_there_are_no_credentials(runs):
    result = runs(flex_api, url=URL).fail(
        sent("GET", status=401, token="hush-given"), path="api/things", access_token="hush-given"
    )

    assert result["status"] == 401
    assert "access_token" in result["msg"] and "credentials" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"client_secret": None}, ["client_secret", "FLEX_CLIENT_SECRET"], id="no secret"),
        pytest.param({"method": "TRACE"}, ["method", "GET, HEAD"], id="an unknown method"),
        pytest.param({"path": None}, ["path"], id="no path"),
        pytest.param({"query": "page"}, ["query"], id="a query that is not a dict"),
        pytest.param({"status_code": ["ok"]}, ["status_code"], id="a status that is not a number"),
    ],
)
def test_bad_options_fail_before_anything_is_sent(runs, options, words):
    result = runs(flex_api, **CONNECTION).fail(**{"path": "api/things", **options})

    for word in words:
        assert word in result["msg"]


# --- secrets -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"query": {"key": "hush-token"}},
        {"body": {"password": "hush-token"}},
        {"body": "password=hush-token"},
        {"headers": {"X-Key": "hush-token"}},
    ],
    ids=["query", "body", "text", "headers"],
)
def test_query_body_and_headers_are_not_shown(api, options):
    (name,) = options
    result = api(method="POST", **options, check_mode=True)

    assert result["invocation"]["module_args"][name] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_a_platform_that_quotes_the_body_does_not_make_the_failure_show_it(api):
    refused = sent("POST", json={"password": "hush-new"}, answer={"message": "hush-new is too short"}, status=400)

    assert "**** is too short" in api.fail(refused, method="POST", body={"password": "hush-new"})["msg"]


@pytest.mark.parametrize(
    ("answer", "censored"),
    [
        pytest.param({"answer": {"name": "a"}}, False, id="nothing secret"),
        pytest.param({"answer": {"access_token": "from the platform"}}, True, id="a token"),
        pytest.param(
            {"answer": [{"deep": {"clientSecret": "from the platform"}}]}, True, id="a client secret, deep inside"
        ),
        pytest.param({"answer": "", "answer_headers": {"Set-Cookie": "session=5"}}, True, id="a cookie"),
        pytest.param({"answer": {"name": "of hush-client"}}, True, id="a secret that went in"),
        pytest.param({"answer": "<password>hush-body</password>"}, True, id="what the body held"),
    ],
)
def test_a_result_that_holds_a_secret_is_censored_and_kept(tmp_path, monkeypatch, answer, censored):
    # ansible-test keeps Ansible's controller code from tests of module_utils
    plugins = pytest.importorskip("ansible.plugins.loader", exc_type=ImportError)
    actions = pytest.importorskip("ansible_collections.mediaops.access.plugins.action.flex_api", exc_type=ImportError)
    from ansible.parsing.dataloader import DataLoader
    from ansible.playbook.play_context import PlayContext
    from ansible.playbook.task import Task
    from ansible.template import Templar

    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))
    task, context, loader = Task(), PlayContext(), DataLoader()
    body = {"password": "hush-body"}
    task.action, task.args = (
        "mediaops.access.flex_api",
        {**CONNECTION, "path": "api/things", "method": "POST", "body": body},
    )
    task.check_mode = task.diff = False
    task.async_val = 0
    action = actions.ActionModule(
        task, plugins.connection_loader.get("local", context), context, loader, Templar(loader, {}), None
    )

    with exchange(login(), sent("POST", json=body, **answer)):
        result = action.run(task_vars={})

    assert result.get("_ansible_no_log", False) is censored
    assert result.get("json", result.get("content")) == answer["answer"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_diff_names_the_request_that_is_sent_without_what_may_be_secret(api, check_mode):
    calls = [] if check_mode else [sent("POST", query={"key": "hush-token"}, json={"a": "hush-token"})]

    result = api(*calls, method="POST", query={"key": "hush-token"}, body={"a": "hush-token"}, check_mode=check_mode)

    assert result["diff"] == {"before": {}, "after": {"request": f"POST {URL}/api/things"}}


def test_a_read_has_no_diff(api):
    assert "diff" not in api(sent("GET"))
