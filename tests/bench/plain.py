# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one would write without this collection: entitle the users of a CSV file to a product, with requests, one after the other.

python plain.py URL PROJECT_ID CLIENT_ID FILE, with the client secret in the environment. It makes the same requests as the collection does.
"""

from __future__ import annotations

import csv
import os
import sys
import typing as t

import requests

BATCH = 20
READ = (
    "query { UserProductList(limit: 100, offset: 0) { items { product_id is_fulfilled fulfilment_expires_at } pagination { total_count } }"
    " UserSubscriptionList(limit: 100, offset: 0) { items { subscription_id expires_at is_valid } pagination { total_count } } }"
)


def main(url: str, project_id: str, client_id: str, path: str) -> None:
    endpoint = f"{url}/graphql/{project_id}/user"
    client = f'project_id: {project_id}, client_id: "{client_id}", client_secret: "{os.environ["CLIENT_SECRET"]}"'
    session = requests.Session()

    def send(query: str, token: str = "") -> dict[str, t.Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = session.post(endpoint, json={"query": query}, headers=headers, timeout=30)
        answer.raise_for_status()
        body = answer.json()
        if body.get("errors"):
            sys.exit(str(body["errors"]))
        return t.cast("dict[str, t.Any]", body["data"])

    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        logins = (
            f'u{number}: ClientUserAuthenticate({client}, user_email: "{row["user_email"]}", auto_register: false) {{ access_token user_id expires_in }}'
            for number, row in enumerate(batch)
        )
        users = send(f"mutation {{ {' '.join(logins)} }}")
        writes = []
        for number, row in enumerate(batch):
            held = send(READ, users[f"u{number}"]["access_token"])["UserProductList"]["items"]
            if not any(item["product_id"] == int(row["product_id"]) and item["is_fulfilled"] for item in held):
                user = f'user_email: "{row["user_email"]}", product_id: {row["product_id"]}'
                writes.append(f"e{number}: ClientUserProductEntitlementManage({client}, {user}, action: fulfil)")
        if writes:
            send(f"mutation {{ {' '.join(writes)} }}")


main(*sys.argv[1:])
