# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mediaops.access.plugins.filter.audienceplayer_webhook_url import FilterModule
from ansible_collections.mediaops.access.plugins.module_utils._data.values import problem_with

webhook_url = FilterModule().filters()["audienceplayer_webhook_url"]
CONNECTION = {"project_id": 111, "client_id": "222", "client_secret": "hush-client"}
CLIENT = 'project_id: 111, client_id: "222", client_secret: "hush-client"'
PRODUCT = {**CONNECTION, "user_id": 333, "product_id": 444}
SUBSCRIPTION = {**CONNECTION, "user_id": 333, "subscription_id": 555, "expires_at": "2030-12-31T23:59:59Z"}
END = '"2030-12-31T23:59:59Z"'


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """The beginning of 2027."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)


def document(url):
    """The GraphQL document that a URL carries."""
    return parse_qs(urlsplit(url).query, strict_parsing=True)["query"][0]


def test_the_url_is_that_of_the_user_scope_and_holds_only_the_document():
    url = webhook_url(PRODUCT)

    assert url.startswith(
        "https://api.audienceplayer.com/graphql/111/user/?query=mutation%7BClientUserProductEntitlementManage%28project_id%3A%20111"
    )
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+", url.partition("?query=")[2])


MUTATIONS = {
    "a product": (
        PRODUCT,
        f"ClientUserProductEntitlementManage({CLIENT}, user_id: 333, product_id: 444, action: fulfil)",
    ),
    "a product, revoked": (
        {**PRODUCT, "state": "absent"},
        f"ClientUserProductEntitlementManage({CLIENT}, user_id: 333, product_id: 444, action: revoke)",
    ),
    "a subscription": (
        SUBSCRIPTION,
        f"ClientUserSubscriptionEntitlementManage({CLIENT}, user_id: 333, subscription_id: 555, expires_at: {END}, action: fulfil)",
    ),
    "a subscription, revoked": (
        {**SUBSCRIPTION, "state": "absent"},
        f"ClientUserSubscriptionEntitlementManage({CLIENT}, user_id: 333, subscription_id: 555, expires_at: null, action: revoke)",
    ),
    "an end with an offset": (
        {**SUBSCRIPTION, "expires_at": "2031-01-01T01:59:59+02:00"},
        f"ClientUserSubscriptionEntitlementManage({CLIENT}, user_id: 333, subscription_id: 555, expires_at: {END}, action: fulfil)",
    ),
    "a user by e-mail": (
        {**CONNECTION, "user_email": "a+b@c.d", "product_id": 444},
        f'ClientUserProductEntitlementManage({CLIENT}, user_email: "a+b@c.d", product_id: 444, action: fulfil)',
    ),
    "a user who is created": (
        {**CONNECTION, "user_email": "a@b.c", "auto_register": True, "product_id": 444},
        f'ClientUserProductEntitlementManage({CLIENT}, user_email: "a@b.c", auto_register: true, product_id: 444, action: fulfil)',
    ),
    "a secret with characters of URLs and strings": (
        {**PRODUCT, "client_secret": 'hush-token"&#=+% \\é'},
        'ClientUserProductEntitlementManage(project_id: 111, client_id: "222", client_secret: "hush-token\\"&#=+% \\\\é", '
        "user_id: 333, product_id: 444, action: fulfil)",
    ),
}


@pytest.mark.parametrize(("options", "mutation"), MUTATIONS.values(), ids=MUTATIONS)
def test_the_url_decodes_to_the_exact_document(options, mutation):
    assert document(webhook_url(options)) == f"mutation{{{mutation}}}"


TYPES = {
    "numbers as text": {"project_id": "111", "user_id": "333", "product_id": "444"},
    "a client id as a number": {"client_id": 222},
    "a boolean as text": {"user_id": None, "user_email": "a@b.c", "auto_register": "no"},
    "null": {"state": None, "expires_at": None, "auto_register": None, "subscription_id": None},
}


@pytest.mark.parametrize("options", TYPES.values(), ids=TYPES)
def test_options_are_converted_as_the_module_converts_them(options):
    plain = {**PRODUCT, **({"user_id": None, "user_email": "a@b.c"} if "user_email" in options else {})}

    assert webhook_url({**PRODUCT, **options}) == webhook_url(plain)


@pytest.mark.parametrize(
    ("options", "url", "root"),
    [
        ({}, None, "https://api.audienceplayer.com"),
        ({"url": "https://own.example.com/api/"}, None, "https://own.example.com/api"),
        ({}, "https://own.example.com/", "https://own.example.com"),
        ({"url": "https://other.example.com"}, "https://own.example.com", "https://own.example.com"),
    ],
    ids=["by default", "among the options", "beside them", "both"],
)
def test_the_root_may_be_given(options, url, root):
    assert webhook_url({**PRODUCT, **options}, url=url).startswith(f"{root}/graphql/111/user/?query=mutation")


TEXT = st.characters(exclude_categories=["Cs"])


@given(
    st.text(TEXT, min_size=1),
    st.text(TEXT, min_size=1).map("{}@b.c".format).filter(lambda email: problem_with("email", {}, email) is None),
)
def test_any_secret_and_address_survive(secret, email):
    found = document(webhook_url({**CONNECTION, "client_secret": secret, "user_email": email, "product_id": 1}))

    _all, read_secret, read_email = re.fullmatch(
        r'mutation\{ClientUserProductEntitlementManage\(project_id: 111, client_id: "222", client_secret: (".*"), user_email: (".*"), product_id: 1, .*\}',
        found,
        re.DOTALL,
    ).group(0, 1, 2)
    assert (json.loads(read_secret), json.loads(read_email)) == (secret, email)


# --- what the module refuses -------------------------------------------------------------------------------------------------

WRONG = {
    "no product": ({**CONNECTION, "user_id": 1}, "exactly one of product_id and subscription_id"),
    "product and subscription": ({**SUBSCRIPTION, "product_id": 1}, "exactly one of product_id and subscription_id"),
    "no user": ({**CONNECTION, "product_id": 1}, "exactly one of user_id and user_email"),
    "two users": ({**PRODUCT, "user_email": "a@b.c"}, "exactly one of user_id and user_email"),
    "nobody to register": ({**PRODUCT, "auto_register": True}, "auto_register requires user_email"),
    "a subscription without an end": ({**SUBSCRIPTION, "expires_at": None}, "expires_at must be given"),
    "an end that is past": ({**SUBSCRIPTION, "expires_at": "2026-12-31T23:59:59Z"}, "expires_at must be in the future"),
    "an end that is unreadable": ({**SUBSCRIPTION, "expires_at": "soon"}, "expires_at: 'soon' is not a date"),
    "a product with an end": ({**PRODUCT, "expires_at": "2030-12-31T23:59:59Z"}, "expires_at requires subscription_id"),
    "an unknown state": ({**PRODUCT, "state": "gone"}, "state must be one of: present, absent"),
    "another word for present": ({**PRODUCT, "state": "fulfil"}, "state must be one of: present, absent"),
    "a state in capitals": ({**PRODUCT, "state": "Present"}, "state must be one of: present, absent"),
    "a product by name": ({**PRODUCT, "product_id": "film"}, "product_id"),
    "a project by name": ({**PRODUCT, "project_id": "one"}, "project_id"),
    "a boolean that is none": (
        {**CONNECTION, "user_email": "a@b.c", "product_id": 1, "auto_register": "perhaps"},
        "auto_register",
    ),
    "an unknown option": ({**PRODUCT, "prodct": "hush-token"}, "prodct"),
    "another filter's option": ({**PRODUCT, "token": "hush-token"}, "token"),
    "no project": ({**PRODUCT, "project_id": None}, "project_id must be given"),
    "no client": ({"project_id": 111, "user_id": 333, "product_id": 444}, "client_id and client_secret must be given"),
    "a url without a scheme": ({**PRODUCT, "url": "api.audienceplayer.com"}, "url must be a URL"),
    "text": ("hush-token", "takes a dictionary"),
    "a list": ([PRODUCT], "takes a dictionary"),
    "none": (None, "takes a dictionary"),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=WRONG)
def test_what_the_module_refuses_is_an_error_that_shows_no_secret(options, words):
    with pytest.raises(AnsibleFilterError, match="audienceplayer_webhook_url") as caught:
        webhook_url(options)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


TEMPLATE = "{{ dict(connection, user_email='viewer@example.com', product_id=product) | mediaops.access.audienceplayer_webhook_url }}"


def template(**variables):
    return Templar(loader=DataLoader(), variables={"connection": CONNECTION, **variables}).template(
        trust_as_template(TEMPLATE)
    )


def test_it_works_in_a_template():
    assert template(product=444) == webhook_url({**CONNECTION, "user_email": "viewer@example.com", "product_id": 444})


def test_an_error_in_a_template_shows_no_secret():
    with pytest.raises(AnsibleError) as caught:
        template(product="film")
    assert "hush" not in str(caught.value)
