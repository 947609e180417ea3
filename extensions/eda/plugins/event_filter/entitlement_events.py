# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a shop's events into entitlements, which are stored in a file until a playbook has applied them."""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import logging
import os
import pathlib
import re
import secrets
import sqlite3
import stat
import time
import typing as t
import unicodedata

DOCUMENTATION = r"""
short_description: Store a shop's events until their entitlements are applied
description:
  - Validates each event of a webhook source and stores it in a SQLite database. The event is not passed on to the
    rules.
    Once the source has responded, the event cannot be lost.
  - For each user and product or subscription, the newest event decides, regardless of the order in which events arrive,
    and how often.
  - An event of another source with the key C(retry_after) requests the pending entitlements. It is replaced by up to
    two events with a list C(entitlements):
    one with all new entitlements, and one with a single entitlement that was returned before and is due again.
    An entitlement that was returned n times is due again after C(retry_after) seconds times 2 to the power of n - 1,
    until its receipt exists.
  - After applying the list, the playbook creates an empty file at the event's path C(receipt).
  - The environment variable E(MEDIAOPS_EVENTS) sets the path of the database (default
    C(~/.local/state/mediaops-access/events.sqlite)), which has mode 0600.
    Receipts are stored in a directory next to it. Only one rulebook may use the database at a time.
options:
  fields:
    description:
      - The keys in the shop's payload for C(id), C(type), C(occurred_at), C(user_id), C(user_email), C(product_id),
        C(subscription_id) and
        C(expires_at), with dots between nested keys. Fields that are not listed are read from the key with their own
        name.
    type: dict
    default: {}
  types:
    description:
      - The event types, and whether each makes the entitlement V(present) or V(absent).
    type: dict
    default: {purchase: present, refund: absent, chargeback: absent}
"""

EXAMPLES = r"""
- eda.builtin.webhook:
    port: 5000
  filters:
    - mediaops.access.entitlement_events:
        fields:
          occurred_at: created
          user_email: customer.email
        types:
          order.paid: present
          order.refunded: absent
"""

_TYPES = {"purchase": "present", "refund": "absent", "chargeback": "absent"}
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
# No braces, because Ansible would evaluate them as a template in a variable.
_EMAIL = re.compile(r"[^\s@{}]{1,64}@[^\s@{}]{1,255}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_MAX_CLOCK_SKEW = datetime.timedelta(days=1)

# One row per entitlement. `item` is set until the entitlement is applied; after that, the row contains no personal
# data.
_SCHEMA = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS newest (
    entitlement TEXT PRIMARY KEY, rank TEXT NOT NULL, item TEXT, receipt TEXT,
    tries INTEGER NOT NULL DEFAULT 0, tried_at REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON newest (tries, tried_at) WHERE item IS NOT NULL;
"""

_logger = logging.getLogger("mediaops.access.entitlement_events")

Event = dict[str, t.Any]


class _ValidEvent(t.NamedTuple):
    """A validated event: the entitlement's key, the event's rank among all events for that key, and the desired
    item.
    """

    entitlement: str
    rank: str
    item: Event


def main(event: Event, fields: dict[str, str] | None = None, types: dict[str, str] | None = None) -> list[Event]:
    """The events that replace this one for the rules."""
    path = (
        pathlib.Path(os.environ.get("MEDIAOPS_EVENTS") or "~/.local/state/mediaops-access/events.sqlite")
        .expanduser()
        .absolute()
    )
    receipts = path.with_name(f"{path.name}.receipts")
    _prepare(path, receipts)
    with contextlib.closing(sqlite3.connect(path, timeout=30.0)) as database:
        database.executescript(_SCHEMA)
        if "retry_after" in event:
            _settle(database, receipts)
            with database:
                return _due(database, receipts, event["retry_after"])
        payload = event.get("payload")
        given = payload if isinstance(payload, dict) else {}
        fields, types = fields or {}, types or _TYPES
        name = _value(given, fields, "id")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            _logger.warning("An event without a valid id is dropped")
            return []
        try:
            valid = _validate(given, name, fields, types)
        except ValueError as error:
            _logger.warning("Event %s is dropped: %s", name, error)
            return []
        with database:
            _store(database, name, valid)
    return []


def _prepare(path: pathlib.Path, receipts: pathlib.Path) -> None:
    """Create missing files and directories, accessible only to this user under any umask. A FIFO or a device is
    refused.
    """
    before = os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        receipts.mkdir(exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    finally:
        os.umask(before)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file. Set MEDIAOPS_EVENTS to another path", str(path))
    finally:
        os.close(handle)


def _one_of(payload: Event, fields: dict[str, str], *names: str) -> tuple[str, t.Any]:
    found = [(each, value) for each in names if (value := _value(payload, fields, each)) is not None]
    if len(found) != 1:
        raise ValueError(f"exactly one of {' and '.join(names)} is required")
    return found[0]


def _user(payload: Event, fields: dict[str, str]) -> tuple[str, str]:
    key, value = _one_of(payload, fields, "user_id", "user_email")
    if not (_EMAIL if key == "user_email" else _NUMBER).fullmatch(str(value)) or not str(value).isprintable():
        raise ValueError(f"{key} is invalid")
    return key, str(value)


def _instant(payload: Event, fields: dict[str, str], key: str) -> datetime.datetime:
    value = _value(payload, fields, key)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.datetime.fromtimestamp(value, datetime.UTC)
        moment = datetime.datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError(f"{key} is not a time in ISO 8601 or in seconds since 1970") from None


def _validate(payload: Event, name: str, fields: dict[str, str], types: dict[str, str]) -> _ValidEvent:
    kind = _value(payload, fields, "type")
    state = types.get(kind) if isinstance(kind, str) else None
    if state is None:
        raise ValueError(f"unknown type; valid types: {', '.join(types)}")
    now = datetime.datetime.now(datetime.UTC)
    occurred_at = _instant(payload, fields, "occurred_at")
    if occurred_at > now + _MAX_CLOCK_SKEW:
        raise ValueError("occurred_at is in the future")
    # Two events of the same instant are ordered too, regardless of which arrives first: a refund follows a purchase.
    rank = f"{occurred_at.isoformat(timespec='microseconds')} {state == 'absent':d} {name}"

    user, who = _user(payload, fields)
    thing, number = _one_of(payload, fields, "product_id", "subscription_id")
    if not _NUMBER.fullmatch(str(number)):
        raise ValueError(f"{thing} is invalid")
    about = (user, _identity(who), thing, int(number))
    item = {user: who if user == "user_email" else int(who), thing: int(number), "state": state}
    if state == "present" and thing == "subscription_id":
        expires_at = _instant(payload, fields, "expires_at")
        if expires_at <= now:  # the purchased period is over
            item["state"] = "absent"
        else:
            item["expires_at"] = expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if user == "user_email" and item["state"] == "present":
        item["auto_register"] = True
    return _ValidEvent(hashlib.sha256(json.dumps(about).encode()).hexdigest(), rank, item)


def _identity(address: str) -> str:
    """The same for addresses that differ only in case or Unicode form, because the platform may treat them as one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())


def _value(payload: t.Any, fields: dict[str, str], name: str) -> t.Any:
    for key in fields.get(name, name).split("."):
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _store(database: sqlite3.Connection, name: str, valid: _ValidEvent) -> None:
    done = database.execute(
        "INSERT INTO newest (entitlement, rank, item) VALUES (?, ?, ?) ON CONFLICT (entitlement) DO UPDATE"
        " SET rank = excluded.rank, item = excluded.item, receipt = NULL, tries = 0, tried_at = 0 WHERE "
        "excluded.rank > rank",
        (valid.entitlement, valid.rank, json.dumps(valid.item)),
    )
    if not done.rowcount:
        _logger.info("Event %s is a duplicate, or older than a known event", name)


def _settle(database: sqlite3.Connection, receipts: pathlib.Path) -> None:
    """Mark entitlements that have a receipt as applied."""
    names = os.listdir(receipts)
    with database:
        database.executemany(
            "UPDATE newest SET item = NULL, receipt = NULL WHERE receipt = ?", [(name,) for name in names]
        )
    for name in names:
        (receipts / name).unlink()


def _due(database: sqlite3.Connection, receipts: pathlib.Path, retry_after: float) -> list[Event]:
    """New entitlements are returned together. A retried one is returned alone, so that an item that always fails
    does not delay others.
    """
    now = time.time()
    new = database.execute("SELECT entitlement, item FROM newest WHERE item IS NOT NULL AND tries = 0").fetchall()
    again = database.execute(
        "SELECT entitlement, item FROM newest WHERE item IS NOT NULL AND tries > 0 AND tried_at + ? * (1 << "
        "min(tries - 1, 30)) <= ? ORDER BY tried_at LIMIT 1",
        (retry_after, now),
    ).fetchall()
    events = []
    for rows in filter(None, (new, again)):
        receipt = secrets.token_hex(16)
        database.executemany(
            "UPDATE newest SET receipt = ?, tries = tries + 1, tried_at = ? WHERE entitlement = ?",
            [(receipt, now, entitlement) for entitlement, _item in rows],
        )
        events.append(
            {"entitlements": [json.loads(item) for _entitlement, item in rows], "receipt": str(receipts / receipt)}
        )
    return events
