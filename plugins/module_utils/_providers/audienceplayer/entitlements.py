# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entitlement of an AudiencePlayer user (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ..._data.rows import Item, Place, Row, read_items
from ..._data.values import identity
from ..._errors import AccessError, in_one_line
from ..._oauth2.token import iso
from .addresses import parse_address
from .dates import parse_instant
from .documents import Enum, field
from .users import User

if t.TYPE_CHECKING:
    from ..._platform.access import Access

_MAX_PROBLEMS = 100  # of a file, in an error message
#: The options of one entitlement.
ITEM_OPTIONS: dict[str, dict[str, t.Any]] = {
    "product_id": {"type": "int"},
    "subscription_id": {"type": "int"},
    "user_id": {"type": "int"},
    "user_email": {"type": "str"},
    "auto_register": {"type": "bool", "default": False},
    "expires_at": {"type": "str"},
    "forwarded_for": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
#: Those that the task itself must not have beside a list. ``forwarded_for`` is a default for the items.
OWN_OPTIONS = ITEM_OPTIONS.keys() - {"forwarded_for"}

Holdings = t.Optional[t.Dict[str, t.List[t.Dict[str, t.Any]]]]


class Holding(t.NamedTuple):
    """Whether a user has an entitlement, and until when, if known. Diffs and the ledger contain its string form."""

    present: bool
    until: datetime.datetime | None = None

    def __str__(self) -> str:
        if not self.present:
            return "absent"
        return f"present until {iso(self.until.timestamp())}" if self.until else "present"

    def as_change(self) -> dict[str, t.Any] | None:
        """The form in plans."""
        return {"expires_at": iso(self.until.timestamp()) if self.until else None} if self.present else None

    @classmethod
    def parse(cls, text: str | None) -> Holding | None:
        """Parse the string form; None if it is missing or invalid."""
        if text in ("absent", "present"):
            return cls(text == "present")
        begin, _until, end = (text or "").partition(" until ")
        try:
            return cls(True, parse_instant(end)) if begin == "present" and end else None
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
    #: The end user's address, on whose behalf it is read and written; None: that of the task, if any.
    forwarded_for: str | None = None
    #: Its place in a file or list, for messages.
    place: Place = dataclasses.field(default_factory=Place)
    is_from_file: bool = False
    #: The holding before it was written, if it was read.
    before: Holding | None = None
    changed: bool = False
    failure: AccessError | None = None

    @property
    def label(self) -> str:
        """Identifies the entitlement in messages."""
        return f"{self.kind} {self.number} of {self.user.label}"

    def explain(self, reason: str | None = None) -> str:
        """The failure, or another wording of it, with the place in the file if there is one."""
        message = f"{self.label}: {self.failure if reason is None else reason}"
        return self.place.prefix(message) if self.is_from_file else message

    @property
    def key(self) -> str:
        """A key that is the same for all spellings of the user's address that the platform may consider equal."""
        return f"{self.kind} {self.number} of {identity(self.user.label)}"

    @property
    def desired(self) -> Holding:
        return Holding(self.present, self.expires_at if self.present else None)

    @classmethod
    def parse(cls, options: t.Mapping[str, t.Any], now: float) -> Entitlement:
        """Parse the options of one entitlement.

        :raises AccessError: if an option is missing, invalid, in the past or conflicts with another.
        """
        kinds = [kind for kind in ("product", "subscription") if options.get(f"{kind}_id") is not None]
        if len(kinds) != 1:
            raise AccessError("exactly one of product_id and subscription_id must be given")
        user = User.of({**options, "user_email": options.get("user_email") or None})
        if (user.id is None) == (user.email is None):
            raise AccessError("exactly one of user_id and user_email must be given")
        if options["auto_register"] and user.email is None:
            raise AccessError("auto_register requires user_email")
        present = options["state"] != "absent"
        expires_at = _parse_expiry(options.get("expires_at") or None, kinds[0], present, now)
        number, register = options[f"{kinds[0]}_id"], bool(options["auto_register"])
        address = parse_address(options.get("forwarded_for"))
        return cls(user, kinds[0], number, present, expires_at, register, address)

    def find_holding(self, holdings: Holdings, now: float) -> Holding:
        """Find this entitlement among a user's holdings."""
        for item in (holdings or {}).get(f"{self.kind}s", []):
            if (
                item[f"{self.kind}_id"] != self.number
                or not item["is_fulfilled" if self.kind == "product" else "is_valid"]
            ):
                continue
            ends = item["expires_at"]
            if self.kind == "subscription" and ends:
                return Holding(True, ends)
            if not ends or ends.timestamp() > now:
                return Holding(True)
        return Holding(False)

    def mutation(self, client: t.Mapping[str, t.Any], alias: str) -> str:
        """The mutation that grants or revokes the entitlement, as a field of a document."""
        register = {"auto_register": True} if self.auto_register and self.present else {}
        arguments = {**client, **self.user.arguments, **register, f"{self.kind}_id": self.number}
        if self.kind == "subscription":
            # The vendor's own plug-in sends null to revoke (1.4).
            arguments["expires_at"] = iso(self.expires_at.timestamp()) if self.expires_at else None
        arguments["action"] = Enum("fulfil" if self.present else "revoke")
        return field(f"ClientUser{self.kind.title()}EntitlementManage", arguments, alias=alias)

    def as_result(self) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {
            "user_id": self.user.id,
            "user_email": self.user.email,
            f"{self.kind}_id": self.number,
        }
        if self.kind == "subscription":
            result["expires_at"] = iso(self.expires_at.timestamp()) if self.expires_at else None
        result.update(
            state="present" if self.present else "absent", changed=self.changed, failed=self.failure is not None, msg=""
        )
        return {**result, **self.failure.with_message(self.explain()).as_result()} if self.failure else result

    def record(self, access: Access[t.Any]) -> None:
        """Record that the entitlement was written or, in check mode, would be."""
        name = f"{self.user.label} {self.kind} {self.number}"
        before, after = ((holding or Holding(False)).as_change() for holding in (self.before, self.desired))
        access.record_change("entitlement", name, before, after, action=None if self.present else "delete")

    def fail(self, failure: AccessError) -> None:
        """Record a failure."""
        self.changed, self.failure = False, AccessError(failure.message, **failure.codes)


class Checker:
    """Parses entitlements one by one, and detects conflicts and duplicates."""

    def __init__(self, now: float) -> None:
        self._now = now
        #: The place and the desired state of each first occurrence. Nothing else is kept, because there may be very
        #: many.
        self._first: dict[str, tuple[Place, Holding]] = {}

    def parse(self, source: Item) -> tuple[Entitlement, Place | None]:
        """Parse an entitlement. Returns it, and the place of the first occurrence if it is a duplicate.

        :raises AccessError: naming its place and the problem.
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
                raise AccessError(
                    f"conflicts with {first[0]}: {item.label} is {first[1]} there and {item.desired} here"
                )
        except AccessError as error:
            raise AccessError(source.place.prefix(error.message)) from None
        item.place = source.place
        return item, first and first[0]


def check_batching(params: t.Mapping[str, t.Any]) -> None:
    """Check the options that say how many entitlements travel at a time.

    :raises AccessError: if one is not positive.
    """
    for option in ("batch_size", "concurrency"):
        if params[option] < 1:
            raise AccessError(f"{option} must be 1 or more, not {params[option]}")


def given_items(access: Access[t.Any], *keep: t.Callable[[Row], None]) -> t.Iterator[tuple[Item, bool]]:
    """Yield every item of the list and of the file in a module's options, and whether it comes from the file. ``keep``
    as in :func:`.read_items`.
    """
    for index, options in enumerate(access.params["entitlements"] or ()):
        yield Item(Place("entitlements", f"[{index}]"), (), options), False
    path = access.params["entitlements_file"]
    for item in read_items(path, ITEM_OPTIONS, access.decrypt, *keep) if path is not None else ():
        yield item, True


def parse_entitlements(
    access: Access[t.Any], sources: t.Iterable[tuple[Item, bool]]
) -> t.Iterator[tuple[Entitlement, Place | None]]:
    """Parse items. Yields each entitlement, and the place of its first occurrence if it is a duplicate.

    :raises AccessError: after the last item, if any are invalid; it lists them.
    """
    problems: list[str] = []
    checker = Checker(access.clock.now())
    for source, is_from_file in sources:
        try:
            item, first = checker.parse(source)
        except AccessError as error:
            problems.append(error.message)
            continue
        item.is_from_file = is_from_file
        yield item, first
    if problems:
        raise AccessError(in_one_line(problems, 10 if access.params["entitlements_file"] is None else _MAX_PROBLEMS))


def check_entitlements(items: t.Iterable[Item], now: float) -> t.Iterator[str]:
    """Yield the problems of entitlements, each with its place."""
    checker = Checker(now)
    for item in items:
        try:
            checker.parse(item)
        except AccessError as error:
            yield error.message


def _parse_expiry(text: str | None, kind: str, present: bool, now: float) -> datetime.datetime | None:
    if text is None:
        if kind == "subscription" and present:
            raise AccessError("expires_at must be given for a subscription")
        return None
    if kind == "product":
        raise AccessError(
            "expires_at requires subscription_id: the expiry of a product's entitlement is set in the product itself"
        )
    try:
        expires_at = parse_instant(text)
    except AccessError as error:
        raise AccessError(f"expires_at: {error.message}") from None
    if present and expires_at and expires_at.timestamp() <= now:
        raise AccessError(f"expires_at must be in the future, and {text} is not")
    return expires_at if present else None
