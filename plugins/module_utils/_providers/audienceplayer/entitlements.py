# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entitlement of one of AudiencePlayer's users (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ..._data.rows import Item
from ..._data.values import identity
from ..._errors import AccessError
from ..._oauth2.token import iso
from .dates import instant
from .documents import Enum, field
from .users import User

#: The options of one entitlement.
ITEM_OPTIONS: dict[str, dict[str, t.Any]] = {
    "product_id": {"type": "int"},
    "subscription_id": {"type": "int"},
    "user_id": {"type": "int"},
    "user_email": {"type": "str"},
    "auto_register": {"type": "bool", "default": False},
    "expires_at": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

Holdings = t.Optional[t.Dict[str, t.List[t.Dict[str, t.Any]]]]


class Holding(t.NamedTuple):
    """Whether a user has something, and until when if that is known. As text, it is what diffs and the ledger hold."""

    present: bool
    until: datetime.datetime | None = None

    def __str__(self) -> str:
        if not self.present:
            return "absent"
        return f"present until {iso(self.until.timestamp())}" if self.until else "present"

    @classmethod
    def parse(cls, text: str | None) -> Holding | None:
        """The holding of a ledger's text; None if there is none, or if it cannot be read."""
        if text in ("absent", "present"):
            return cls(text == "present")
        begin, _until, end = (text or "").partition(" until ")
        try:
            return cls(True, instant(end)) if begin == "present" and end else None
        except AccessError:
            return None


@dataclasses.dataclass
class Entitlement:
    """One product or subscription that one user should or should not have, and the outcome."""

    user: User
    kind: str  # product or subscription
    number: int
    present: bool
    expires_at: datetime.datetime | None
    auto_register: bool
    #: Where it stands in a file or list, for messages.
    place: str = ""
    is_from_file: bool = False
    #: What the user had before it was written, if that was read.
    before: Holding | None = None
    changed: bool = False
    failure: AccessError | None = None

    @property
    def label(self) -> str:
        """What makes it another entitlement than others, in words."""
        return f"{self.kind} {self.number} of {self.user.label}"

    @property
    def key(self) -> str:
        """The same for all spellings of the user's address that the platform may take for one."""
        return f"{self.kind} {self.number} of {identity(self.user.label)}"

    @property
    def desired(self) -> Holding:
        return Holding(self.present, self.expires_at if self.present else None)

    @classmethod
    def parse(cls, options: t.Mapping[str, t.Any], now: float) -> Entitlement:
        """Check the options of one entitlement.

        :raises AccessError: what is missing, contradictory, unreadable or past.
        """
        kinds = [kind for kind in ("product", "subscription") if options.get(f"{kind}_id") is not None]
        if len(kinds) != 1:
            raise AccessError("exactly one of product_id and subscription_id must be given")
        user = User.of({**options, "user_email": options.get("user_email") or None})
        if (user.id is None) == (user.email is None):
            raise AccessError("exactly one of user_id and user_email must be given")
        if options["auto_register"] and user.email is None:
            raise AccessError("auto_register goes with user_email only")
        present = options["state"] != "absent"
        expires_at = _expiry(options.get("expires_at") or None, kinds[0], present, now)
        return cls(user, kinds[0], options[f"{kinds[0]}_id"], present, expires_at, bool(options["auto_register"]))

    def held(self, holdings: Holdings, now: float) -> Holding:
        """What the user has of it."""
        for item in (holdings or {}).get(f"{self.kind}s", []):
            if item[f"{self.kind}_id"] != self.number or not item["is_fulfilled" if self.kind == "product" else "is_valid"]:
                continue
            ends = item["expires_at"]
            if self.kind == "subscription" and ends:
                return Holding(True, ends)
            if not ends or ends.timestamp() > now:
                return Holding(True)
        return Holding(False)

    def mutation(self, client: t.Mapping[str, t.Any], alias: str) -> str:
        """The field of a document that grants or revokes it."""
        register = {"auto_register": True} if self.auto_register and self.present else {}
        arguments = {**client, **self.user.arguments, **register, f"{self.kind}_id": self.number}
        if self.kind == "subscription":
            # null is what the vendor's own plug-in sends to revoke (1.4).
            arguments["expires_at"] = iso(self.expires_at.timestamp()) if self.expires_at else None
        arguments["action"] = Enum("fulfil" if self.present else "revoke")
        return field(f"ClientUser{self.kind.title()}EntitlementManage", arguments, alias=alias)

    def as_result(self) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {"user_id": self.user.id, "user_email": self.user.email, f"{self.kind}_id": self.number}
        if self.kind == "subscription":
            result["expires_at"] = iso(self.expires_at.timestamp()) if self.expires_at else None
        result.update(state="present" if self.present else "absent", changed=self.changed, failed=self.failure is not None, msg="")
        return {**result, **self.failure.as_result()} if self.failure else result

    def fail(self, failure: AccessError | str) -> None:
        """Note why it failed."""
        failure = failure if isinstance(failure, AccessError) else AccessError(failure)
        self.changed = False
        place = self.place if self.is_from_file else ""
        self.failure = AccessError(f"{place}{self.label}: {failure.message}", **failure.codes)


class Checker:
    """Reads entitlements one by one, and finds those that contradict or repeat one before them."""

    def __init__(self, now: float) -> None:
        self._now = now
        #: Where each stands first, and what is wanted there. There may be very many: nothing else is kept of them.
        self._first: dict[str, tuple[str, Holding]] = {}

    def parse(self, source: Item) -> tuple[Entitlement, str | None]:
        """An entitlement, and the place of the one that it repeats.

        :raises AccessError: where it stands and what is wrong with it.
        """
        try:
            if source.problem:
                raise AccessError(source.problem)
            item = Entitlement.parse(source.options, self._now)
            key = item.key
            first = self._first.get(key)
            if first is None:
                self._first[key] = (source.place, item.desired)
            elif first[1] != item.desired:
                raise AccessError(f"contradicts {first[0][:-2]}: {item.label} is {first[1]} there and {item.desired} here")
        except AccessError as error:
            raise AccessError(source.place + error.message) from None
        item.place = source.place
        return item, first and first[0]


def problems_of(items: t.Iterable[Item], now: float) -> t.Iterator[str]:
    """What is wrong with entitlements, each with its place."""
    checker = Checker(now)
    for item in items:
        try:
            checker.parse(item)
        except AccessError as error:
            yield error.message


def _expiry(text: str | None, kind: str, present: bool, now: float) -> datetime.datetime | None:
    if text is None:
        if kind == "subscription" and present:
            raise AccessError("expires_at must be given for a subscription")
        return None
    if kind == "product":
        raise AccessError("expires_at goes with subscription_id only: when a product's entitlement ends is set in the product itself")
    try:
        expires_at = instant(text)
    except AccessError as error:
        raise AccessError(f"expires_at: {error.message}") from None
    if present and expires_at and expires_at.timestamp() <= now:
        raise AccessError(f"expires_at must lie in the future, and {text} does not")
    return expires_at if present else None
