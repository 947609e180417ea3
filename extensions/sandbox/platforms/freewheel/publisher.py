# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The publisher API: commercial entities as XML (v3), inventory as JSON (v4), as far as clients use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from xml.etree import ElementTree

from starlette.responses import Response

from ...messages import JSONResponse, PlatformRequest
from ...routing import Endpoint
from ..base import Platform

Item = dict[str, Any]
V3, V4 = "/services/v3", "/services/v4"


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of commercial entity: reads use the plural path, writes the singular one."""

    plural: str
    singular: str
    writes: tuple[str, ...] = ("POST", "PUT", "DELETE")
    created_at_plural: bool = False
    #: What the platform adds to a new entity.
    defaults: Item = field(default_factory=dict)


ENTITIES = (
    Entity("advertisers", "advertiser", ("PUT",), created_at_plural=True, defaults={"status": "ACTIVE"}),
    Entity("agencies", "agency", ()),
    Entity("campaigns", "campaign", defaults={"status": "IN_ACTIVE"}),
    Entity("insertion_orders", "insertion_order", defaults={"stage": "NOT_BOOKED", "currency": "EUR"}),
    Entity("placements", "placement", defaults={"status": "IN_ACTIVE", "placement_type": "NORMAL"}),
    Entity("ad_unit_nodes", "ad_unit_node", ()),
)
#: The paths of the inventory, all of them lists in pages.
INVENTORY = ("sites", "site_sections", "site_groups", "series", "video_groups", "videos", "ad_unit_packages")


def initial_state() -> dict[str, list[Item]]:
    """Return the entities and the inventory of a small network."""
    found: dict[str, list[Item]] = {name: [] for name in (*(entity.plural for entity in ENTITIES), *INVENTORY)}
    return found | {
        "advertisers": [{"id": 501, "name": "Advertiser 501", "status": "ACTIVE"}],
        "agencies": [{"id": 601, "name": "Agency 601", "status": "ACTIVE"}],
        "campaigns": [
            {"id": number, "name": f"Campaign {number}", "status": "ACTIVE", "advertiser_id": 501}
            for number in range(1001, 1004)
        ],
        "sites": [{"id": number, "name": f"Site {number}"} for number in range(2001, 2004)],
        "site_sections": [{"id": 2101, "name": "Home"}],
        "ad_unit_packages": [{"id": 2201, "name": "Standard", "ad_units": [{"id": 2301, "name": "Pre-roll"}]}],
    }


class Publisher:
    """Answers requests below /services. `check` rejects a request without access, and `check_v3` also one that does not
    ask for XML.
    """

    def __init__(
        self,
        platform: Platform,
        check: Callable[[PlatformRequest], None],
        check_v3: Callable[[PlatformRequest], None],
        respond: Callable[..., Response],
    ) -> None:
        self._platform = platform
        self._check = check
        self._check_v3 = check_v3
        self._respond = respond

    def define_endpoints(self) -> list[Endpoint]:
        return [
            *(endpoint for entity in ENTITIES for endpoint in self._entity_endpoints(entity)),
            *(Endpoint(f"{V4}/{name}", partial(self._list_inventory, name), "GET") for name in INVENTORY),
            *(Endpoint(f"{V4}/{name}/{{id}}", partial(self._show_inventory, name), "GET") for name in INVENTORY),
            Endpoint(f"{V4}/standard_attributes", self.list_attributes, "GET"),
        ]

    def _entity_endpoints(self, entity: Entity) -> list[Endpoint]:
        plural, singular = f"{V3}/{entity.plural}", f"{V3}/{entity.singular}"
        create = partial(self._create, entity)
        writes = {"PUT": self._update, "DELETE": self._delete}
        return [
            Endpoint(plural, partial(self._list, entity), "GET"),
            *(Endpoint(f"{path}/{{id}}", partial(self._show, entity), "GET") for path in (plural, singular)),
            *([Endpoint(plural, create, "POST")] if entity.created_at_plural else []),
            *([Endpoint(singular, create, "POST")] if "POST" in entity.writes else []),
            *(
                Endpoint(f"{singular}/{{id}}", partial(write, entity), method)
                for method, write in writes.items()
                if method in entity.writes
            ),
        ]

    # v3

    def _list(self, entity: Entity, request: PlatformRequest) -> Response:
        self._check_v3(request)
        advertiser = request.query_params.get("advertiser_id")
        found = [
            item
            for item in self._platform.data[entity.plural]
            if advertiser is None or str(item.get("advertiser_id")) == advertiser
        ]
        page, size, part = _page(request, found)
        pages = -(-len(found) // size)
        attributes = {"current_page": page, "per_page": size, "total_entries": len(found), "total_pages": pages}
        root = ElementTree.Element(entity.plural, {name: str(value) for name, value in attributes.items()})
        root.extend(build_xml(entity.singular, item) for item in part)
        return self._respond(root)

    def _create(self, entity: Entity, request: PlatformRequest) -> Response:
        self._check_v3(request)
        given = _parse_xml(request.content)
        if not given.get("name"):
            return self._platform.error_response(request, 422, "invalid", "name is required")
        items = self._platform.data[entity.plural]
        item = {"id": max([1000, *(int(item["id"]) for item in items)]) + 1, **entity.defaults, **given}
        items.append(item)
        return self._respond(build_xml(entity.singular, item), 201)

    def _show(self, entity: Entity, request: PlatformRequest) -> Response:
        return self._respond(build_xml(entity.singular, self._find(entity, request)))

    def _update(self, entity: Entity, request: PlatformRequest) -> Response:
        item = self._find(entity, request)
        item.update({name: value for name, value in _parse_xml(request.content).items() if name != "id"})
        return self._respond(build_xml(entity.singular, item))

    def _delete(self, entity: Entity, request: PlatformRequest) -> Response:
        self._platform.data[entity.plural].remove(self._find(entity, request))
        return Response()

    def _find(self, entity: Entity, request: PlatformRequest) -> Item:
        self._check_v3(request)
        return self._find_in(entity.plural, request)

    def _find_in(self, name: str, request: PlatformRequest) -> Item:
        items: list[Item] = self._platform.data[name]
        for item in items:
            if str(item["id"]) == request.path_params["id"]:
                return item
        raise self._platform.rejection(request, 404, "not_found", f"There is no such item in {name}")

    # v4

    def _list_inventory(self, name: str, request: PlatformRequest) -> Response:
        self._check(request)
        items = self._platform.data[name]
        page, size, part = _page(request, items)
        shown = [_with_links(name, item) for item in part]
        return JSONResponse(
            {
                "page": page,
                "per_page": size,
                "total_count": len(items),
                "total_page": -(-len(items) // size),
                "items": shown,
            }
        )

    def _show_inventory(self, name: str, request: PlatformRequest) -> Response:
        self._check(request)
        return JSONResponse(_with_links(name, self._find_in(name, request)))

    def list_attributes(self, request: PlatformRequest) -> Response:
        self._check(request)
        return JSONResponse({"tv_ratings": [{"id": 1, "name": "TV-G"}, {"id": 2, "name": "TV-14"}]})


def _page(request: PlatformRequest, items: list[Item]) -> tuple[int, int, list[Item]]:
    """Return the number and the size of the requested page, and its items."""
    texts = (request.query_params.get("page") or "1", request.query_params.get("per_page") or "50")
    page, size = (max(1, int(text)) if text.isdigit() else 1 for text in texts)
    return page, size, items[(page - 1) * size : page * size]


def _with_links(name: str, item: Item) -> Item:
    return {"links": [{"rel": "self", "href": f"{V4}/{name}/{item['id']}"}], **item}


def build_xml(tag: str, fields: Item) -> ElementTree.Element:
    root = ElementTree.Element(tag)
    for name, value in fields.items():
        ElementTree.SubElement(root, name).text = str(value)
    return root


def _parse_xml(body: bytes) -> Item:
    """Parse the children of an XML document's root. A body that is not XML has none."""
    try:
        return {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
    except ElementTree.ParseError:
        return {}
