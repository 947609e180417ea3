# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of the platforms that are hard to produce, as the variables from which the report's template is rendered."""

from __future__ import annotations

import typing as t

Variables = dict[str, t.Any]

NOW = "2026-11-28T12:00:00Z"
EPOCH = 1795867200
TITLES = {
    "audienceplayer": "AudiencePlayer",
    "flex": "Flex Media Platform",
    "freewheel": "FreeWheel",
    "movingimage": "movingimage",
    "playlyfe": "Playlyfe",
}
ROLES = {name: "flex_application" if name == "flex" else f"{name}_access" for name in TITLES}
URL = "https://integrations.staging.eu-central-1.media-platform.example.com/api/rest/v2"
#: Names of any script, direction and length.
NAMES = [
    "<b>&amp;</b>",
    "مراجعة الوسائط (قديم) 2",
    "🎬 Prüfung 検査 🇪🇺",
    "a" * 120,
    "Reviewer of all media in every region, for the teams that plan, edit and publish, and their auditors",
]


def platform(provider: str, **fields: t.Any) -> Variables:
    return {
        "provider": provider,
        "role": ROLES[provider],
        "changed": 0,
        "compared": True,
        "failures": [],
        "plan": [],
        "read_at": "2026-11-28T11:59:12Z",
        "tokens": [],
        **fields,
    }


def token(principal: str, issued_at: str | None, expires_at: str | None, url: str = URL) -> Variables:
    return {"provider": "any", "url": url, "principal": principal, "issued_at": issued_at, "expires_at": expires_at}


def read(**sections: Variables) -> Variables:
    """What manifest_info returns."""
    platforms = {
        name: {"title": TITLES[name], "connection": {}, "connections": {}, "lists": {}, "settings": {}, **section}
        for name, section in sections.items()
    }
    return {"platforms": platforms}


def application(number: int, name: str, **fields: t.Any) -> Variables:
    return {
        "id": number,
        "name": name,
        "description": f"Description of {name}",
        "client_id": f"132ef0db-336a-436b-a2f2-{number:012}",
        "retiring_since": None,
        **fields,
    }


def planned(kind: str, name: str, before: Variables | None, after: Variables | None, **more: t.Any) -> Variables:
    """An entry of a plan; the report doesn't use its provider."""
    action = "create" if before is None else "delete" if after is None else "update"
    return {"provider": "any", "kind": kind, "name": name, "action": action, "before": before, "after": after, **more}


def created(kind: str, name: str, **after: t.Any) -> Variables:
    return planned(kind, name, None, {"name": name, **after})


def variables(platforms: list[Variables], sections: Variables, **more: t.Any) -> Variables:
    nothing: Variables = {"results": []}
    return {
        "access_report__platforms": platforms,
        "access_report__read": read(**sections),
        "access_report__now": NOW,
        "access_report__epoch": EPOCH,
        "access_report__applications": {},
        "access_report__players": {},
        "access_report__video_managers": {},
        "access_report_manifest": "/srv/deployments/media/production/manifest.yml",
        "flex_application__registered": nothing,
        "freewheel_access__obtained": nothing,
        "movingimage_access__obtained": nothing,
        "playlyfe_access__players": nothing,
        "audienceplayer_access__users": nothing,
        "audienceplayer_access__entitled": {},
        **more,
    }


def in_sync() -> Variables:
    """Nothing to do: every token in another part of its life, retiring applications, tokens of others."""
    flex_tokens = [
        token("reviewer", "2026-11-21T13:00:00Z", "2026-12-28T13:00:00Z"),
        token("somebody-else", "2026-11-21T13:00:00Z", "2026-12-28T13:00:00Z"),
        token("somebody-else", None, None, f"{URL}/elsewhere"),
    ]
    freewheel_tokens = [
        token("mrm@example.com", "2026-11-21T13:00:00Z", "2026-11-28T13:00:00Z"),
        token("portal@example.com", "2026-11-28T11:00:00Z", "2026-12-05T11:00:00Z"),
        token("nearly@example.com", "2026-11-27T11:00:00Z", "2026-11-28T12:00:30Z"),
        token("old@example.com", "2026-11-20T11:00:00Z", "2026-11-28T11:57:00Z"),
        token("unknown@example.com", None, "2026-11-28T22:11:00Z"),
    ]
    names = ("mrm", "portal", "nearly", "old", "unknown")
    verified = {"mrm": "2026-11-28T11:57:00Z", "portal": "2026-11-28T11:59:12Z"}
    results = [
        {
            "changed": False,
            "failed": False,
            "freewheel_access__item": {"name": name},
            "token": {"verified_at": verified.get(name)},
        }
        for name in names
    ]
    applications = [application(1, "Reviewer"), application(2, "Ingest")] + [
        application(number, f"Reviewer (retiring since {since})", retiring_since=since)
        for number, since in ((3, "2026-11-21T10:00:00Z"), (4, "2026-11-28T10:00:00Z"))
    ]
    connections = {name: {"username": f"{name}@example.com"} for name in names}
    return variables(
        [
            platform("flex", tokens=flex_tokens),
            platform("freewheel", tokens=freewheel_tokens),
            platform("playlyfe", tokens=[token("game", "2026-11-28T11:59:12Z", "2026-11-29T11:59:12Z")]),
        ],
        {
            "flex": {
                "connection": {"url": f"{URL}/", "client_id": "reviewer"},
                "lists": {"applications": [{"name": "Reviewer"}, {"name": "Ingest"}]},
            },
            "freewheel": {
                "connections": {"tokens": connections},
                "lists": {"tokens": [{"name": name} for name in names]},
            },
            "playlyfe": {"connection": {"client_id": "game"}, "lists": {"players": [{"id": "p1"}]}},
        },
        access_report__applications={"applications": applications},
        access_report__players={"failed": False, "changed": False, "players": [{"id": "p1", "alias": "Player One"}]},
        freewheel_access__obtained={"results": results},
    )


def all_new() -> Variables:
    """Nothing exists yet. One token was rejected."""
    after = {"expires_at": "known after it is issued"}
    plan = [planned("token", "mrm", None, after, action="obtain", local=True)]
    applications = [created("application", name, description="Tool to review media") for name in ("Reviewer", "Ingest")]
    return variables(
        [
            platform("flex", changed=2, plan=applications),
            platform(
                "freewheel", changed=1, plan=plan, tokens=[token("mrm", "2026-11-28T11:00:00Z", "2026-12-05T11:00:00Z")]
            ),
            platform("playlyfe", changed=1, plan=[created("player", "p1", alias="One")]),
        ],
        {
            "flex": {"lists": {"applications": [{"name": "Reviewer"}, {"name": "Ingest"}]}},
            "freewheel": {
                "connections": {"tokens": {"mrm": {"username": "mrm"}}},
                "lists": {"tokens": [{"name": "mrm"}]},
            },
            "playlyfe": {"lists": {"players": [{"id": "p1", "alias": "One"}]}},
        },
        access_report__applications={"applications": []},
        access_report__players={"players": [], "failed": False},
        freewheel_access__obtained={"results": [{"changed": True, "freewheel_access__item": {"name": "mrm"}}]},
    )


def failed() -> Variables:
    """No platform could be read."""
    refused = f"Playlyfe: GET {URL}/admin/players could not be sent: connection refused. Check url and the network"
    return variables(
        [
            platform(
                "flex", compared=False, failures=[refused.replace("Playlyfe", "Flex Media Platform")], tokens=None
            ),
            platform("playlyfe", compared=False, failures=[refused] * 30),
        ],
        {"flex": {}, "playlyfe": {}},
    )


def many() -> Variables:
    """Thousands of everything."""
    count = 3000
    users = [{"user_email": f"viewer{number}@example.com"} for number in range(count)]
    items = [
        {
            "product_id": number % 40 + 400,
            "state": "absent" if number % 7 == 0 else "present",
            "changed": number % 2 == 0,
            "expires_at": None,
        }
        for number in range(count)
    ]
    plan = [
        planned("entitlement", f"viewer{number}@example.com product {item['product_id']}", None, {"expires_at": None})
        for number, item in enumerate(items)
        if item["changed"]
    ]
    entitled = {
        "changed": True,
        "failed": False,
        "entitlements": items,
        "summary": {"total": count, "changed": count // 2},
    }
    known = [
        {"user": {"id": number or None, "email": user["user_email"], "name": None}, "changed": False}
        for number, user in enumerate(users)
    ]
    players = [{"id": f"p{number}", "alias": f"Player {number}"} for number in range(count)]
    tokens = [token(user["user_email"], "2026-11-28T11:00:00Z", "2026-11-29T11:00:00Z") for user in users]
    strangers = [
        token(f"other{number}@example.com", "2026-11-28T11:00:00Z", "2026-11-29T11:00:00Z") for number in range(50)
    ]
    return variables(
        [
            platform("audienceplayer", changed=count // 2, plan=plan, tokens=tokens + strangers),
            platform("playlyfe", tokens=[]),
        ],
        {
            "audienceplayer": {"lists": {"users": users}},
            "playlyfe": {"lists": {"players": [{"id": f"p{number}"} for number in range(0, count, 2)]}},
        },
        audienceplayer_access__users={"results": known, "failed": False},
        audienceplayer_access__entitled=entitled,
        access_report__players={"players": players, "failed": False},
    )


def strange_names() -> Variables:
    """Names of any script, direction and length, in every place."""
    applications = [application(number, name, description=name) for number, name in enumerate(NAMES, 1)]
    retiring = [
        application(number, f"{name} (retiring since 2026-11-01T10:00:00Z)", retiring_since="2026-11-01T10:00:00Z")
        for number, name in enumerate(NAMES, 100)
    ]
    managers = [
        {
            "failed": False,
            "changed": False,
            "access_report__item": {"name": name},
            "video_managers": [{"id": number, "name": name} for number, name in enumerate(NAMES)],
        }
        for name in NAMES
    ]
    tokens = [
        token(name, "2026-11-21T13:00:00Z", "2026-11-30T13:00:00Z", f"{URL}/{'long-segment/' * 5}") for name in NAMES
    ]
    plan = [created("application", name, description=name) for name in NAMES]
    plan.append(planned("application", "1", {"name": NAMES[3]}, {"name": NAMES[1]}))
    failures = [f"{name} failed" for name in NAMES]
    return variables(
        [
            platform("flex", changed=len(plan), plan=plan, tokens=tokens, failures=failures),
            platform("movingimage", tokens=tokens),
        ],
        {
            "flex": {"lists": {"applications": [{"name": NAMES[0]}, {"id": 2}]}},
            "movingimage": {"lists": {"tokens": [{"name": name} for name in NAMES]}},
        },
        access_report_manifest=f"/srv/{NAMES[4]}/{NAMES[1]}/manifest.yml",
        access_report__applications={"applications": applications + retiring},
        access_report__video_managers={"results": managers},
    )


def refused_to_prune() -> Variables:
    """The section failed before its first item. Unnamed are only those whose id is not in the manifest as any type."""
    reason = "prune would remove 12 entitlements, which is more than prune_limit (10)"
    players = [{"id": number, "alias": f"Player {number}"} for number in ("7", "8")]
    return variables(
        [platform("audienceplayer", failures=[reason]), platform("flex"), platform("playlyfe")],
        {
            "audienceplayer": {"lists": {"users": [{"user_email": "vera@example.com"}]}},
            "flex": {"lists": {"applications": [{"id": "1", "name": "New name"}]}},
            "playlyfe": {"lists": {"players": [{"id": 7}]}},
        },
        access_report__applications={"applications": [application(1, "Old name"), application(12, "Other")]},
        access_report__players={"players": players, "failed": False},
        audienceplayer_access__users={},
    )


def empty() -> Variables:
    """A manifest without a platform, given as a dictionary."""
    return variables([], {}, access_report_manifest={})


STATES: dict[str, t.Callable[[], Variables]] = {
    "in_sync": in_sync,
    "all_new": all_new,
    "failed": failed,
    "many": many,
    "strange_names": strange_names,
    "refused_to_prune": refused_to_prune,
    "empty": empty,
}


def play(folder: str, root: str) -> Variables:
    """A play that renders a page for each state, with the role's own variables."""
    role = f"{root}/roles/access_report"
    tasks: list[Variables] = [
        {"name": "Load the role's variables", "ansible.builtin.include_vars": f"{role}/vars/main.yml"}
    ]
    for name, state in STATES.items():
        arguments = {"src": f"{role}/templates/report.html.j2", "dest": f"{folder}/{name}.html", "lstrip_blocks": True}
        arguments["mode"] = "0600"
        tasks.append({"name": f"Render {name}", "ansible.builtin.template": arguments, "vars": state()})
    return {"name": "Pages", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
