# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client of FreeWheel's publisher API sends: inventory as JSON (v4), commercial entities as XML (v3)."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest


@pytest.fixture
def xml(box):
    token = box.freewheel_login().json()["access_token"]

    def ask(method, path, **fields):
        tag = path.strip("/").split("/")[0].split("?")[0]
        body = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        return box.freewheel(
            method,
            f"/services/v3{path}",
            token,
            "application/xml",
            content=f"<{tag}>{body}</{tag}>" if fields else None,
        )

    return ask


@pytest.mark.parametrize(
    "kind", ["sites", "site_sections", "site_groups", "series", "video_groups", "videos", "ad_unit_packages"]
)
def test_the_inventory_is_listed_in_pages(box, kind):
    token = box.freewheel_client().json()["access_token"]
    page = box.freewheel("GET", f"/services/v4/{kind}?page=1&per_page=50", token).json()
    assert set(page) == {"page", "per_page", "total_count", "total_page", "items"}
    for item in page["items"]:
        assert box.freewheel("GET", f"/services/v4/{kind}/{item['id']}", token).json() == item
        assert item["links"][0]["href"] == f"/services/v4/{kind}/{item['id']}"
    assert box.freewheel("GET", f"/services/v4/{kind}/1", token).status_code == 404
    assert box.freewheel("GET", "/services/v4/standard_attributes", token).json()["tv_ratings"]


def test_campaigns_exist_as_xml_only(box, xml):
    token = box.freewheel_login().json()["access_token"]
    assert box.freewheel("GET", "/services/v4/campaigns", token).status_code == 404
    assert box.freewheel("GET", "/services/v3/campaigns", token).status_code == 400
    assert ElementTree.fromstring(xml("GET", "/campaigns?advertiser_id=501").content).attrib["total_entries"] == "3"
    assert ElementTree.fromstring(xml("GET", "/campaigns?advertiser_id=502").content).attrib["total_entries"] == "0"


@pytest.mark.parametrize(
    ("plural", "singular", "parent", "default"),
    [
        ("campaigns", "campaign", "advertiser_id", ("status", "IN_ACTIVE")),
        ("insertion_orders", "insertion_order", "campaign_id", ("stage", "NOT_BOOKED")),
        ("placements", "placement", "insertion_order_id", ("placement_type", "NORMAL")),
    ],
)
def test_entities_are_read_at_the_plural_and_written_at_the_singular_path(xml, plural, singular, parent, default):
    made = xml("POST", f"/{singular}", name="New", **{parent: 501})
    root = ElementTree.fromstring(made.content)
    assert (made.status_code, root.tag, root.findtext(parent), root.findtext(default[0])) == (
        201,
        singular,
        "501",
        default[1],
    )
    number = root.findtext("id")
    assert ElementTree.fromstring(xml("PUT", f"/{singular}/{number}", name="Newer").content).findtext("name") == "Newer"
    assert ElementTree.fromstring(xml("GET", f"/{plural}/{number}").content).findtext("name") == "Newer"
    assert xml("POST", f"/{plural}", name="New").status_code == 405
    assert xml("DELETE", f"/{singular}/{number}").status_code == 200
    assert xml("GET", f"/{plural}/{number}").status_code == 404


def test_advertisers_are_created_at_the_plural_path_and_cannot_be_deleted(xml):
    root = ElementTree.fromstring(xml("POST", "/advertisers", name="New").content)
    number = root.findtext("id")
    assert (root.tag, ElementTree.fromstring(xml("GET", f"/advertisers/{number}").content).findtext("name")) == (
        "advertiser",
        "New",
    )
    assert xml("POST", "/advertiser", name="New").status_code == 404
    assert [xml("DELETE", f"/{path}/{number}").status_code for path in ("advertiser", "advertisers")] == [405, 405]


@pytest.mark.parametrize("kind", ["agencies", "ad_unit_nodes"])
def test_other_entities_are_only_read(xml, kind):
    assert ElementTree.fromstring(xml("GET", f"/{kind}?page=1&per_page=50").content).attrib["current_page"] == "1"
    assert xml("POST", f"/{kind}", name="New").status_code == 405


def test_a_login_that_names_the_user_otherwise_is_refused(box):
    form = {"grant_type": "password", "user_id": "mrm", "password": "mrm-password"}
    assert box.ask("POST", "/freewheel/auth/token", data=form).status_code == 400
