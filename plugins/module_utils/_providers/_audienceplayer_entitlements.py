# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entitlements of AudiencePlayer's users, many at a time (providers.md, sections 1.4 and 1.5)."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._access import Access
from ansible_collections.mediaops.access.plugins.module_utils._errors import AccessError, WaitTooLong, in_one_line
from ansible_collections.mediaops.access.plugins.module_utils._http import Response
from ansible_collections.mediaops.access.plugins.module_utils._providers.audienceplayer import AudiencePlayer, Enum, User, field, instant
from ansible_collections.mediaops.access.plugins.module_utils._token import iso

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

#: Errors that every further item would meet: wrong credentials, or credentials without the right.
_HOPELESS = (401, 403)

Holdings = t.Optional[t.Dict[str, t.List[t.Dict[str, t.Any]]]]


@dataclasses.dataclass
class Entitlement:
    """One product or subscription that one user shall or shall not have, and what became of it."""

    user: User
    kind: str  # product or subscription
    number: int
    present: bool
    expires_at: datetime.datetime | None
    auto_register: bool
    changed: bool = False
    failure: AccessError | None = None

    @property
    def label(self) -> str:
        return f"{self.kind} {self.number} of {self.user.label}"

    @property
    def wanted(self) -> str:
        if not self.present:
            return "absent"
        return f"present until {iso(self.expires_at.timestamp())}" if self.expires_at else "present"

    @classmethod
    def read(cls, options: t.Mapping[str, t.Any], now: float) -> Entitlement:
        """Check the options of one entitlement.

        :raises AccessError: what is missing, contradictory, unreadable or past.
        """
        kinds = [kind for kind in ("product", "subscription") if options.get(f"{kind}_id") is not None]
        if len(kinds) != 1:
            raise AccessError("exactly one of product_id and subscription_id must be given")
        user = User(options.get("user_id"), options.get("user_email") or None)
        if (user.id is None) == (user.email is None):
            raise AccessError("exactly one of user_id and user_email must be given")
        if options["auto_register"] and user.email is None:
            raise AccessError("auto_register goes with user_email only")
        present = options["state"] != "absent"
        expires_at = _expiry(options.get("expires_at") or None, kinds[0], present, now)
        return cls(user, kinds[0], options[f"{kinds[0]}_id"], present, expires_at, bool(options["auto_register"]))

    def held(self, holdings: Holdings, now: float) -> str:
        """What the user holds of it, worded as :attr:`wanted`."""
        for item in (holdings or {}).get(f"{self.kind}s", []):
            ends = item["expires_at"] and item["expires_at"].timestamp()
            if item[f"{self.kind}_id"] != self.number or not item["is_fulfilled" if self.kind == "product" else "is_valid"]:
                continue
            if self.kind == "subscription" and ends:
                return f"present until {iso(ends)}"
            if not ends or ends > now:
                return "present"
        return "absent"

    def mutation(self, client: t.Mapping[str, t.Any], alias: str) -> str:
        """The field that brings it about."""
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
        result.update(state="present" if self.present else "absent", changed=self.changed, failed=self.failure is not None)
        return {**result, **self.failure.as_result()} if self.failure else result

    def fail(self, failure: AccessError | str) -> None:
        """Note why it did not come about."""
        failure = failure if isinstance(failure, AccessError) else AccessError(failure)
        self.changed = False
        self.failure = AccessError(f"{self.label}: {failure.message}", status=failure.status, code=failure.code)


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


class Entitlements:
    """Brings a list of entitlements about: reads what each user holds, then writes what differs, many writes to a request."""

    def __init__(self, access: Access[AudiencePlayer], items: t.Sequence[t.Mapping[str, t.Any]], *, listed: bool) -> None:
        self._access = access
        self._platform = access.provider
        self._client = self._platform.client_arguments()
        self._reads = access.params["read_before_write"]
        if access.params["batch_size"] < 1:
            raise AccessError(f"batch_size must be 1 or more, not {access.params['batch_size']}")
        self._held: dict[User, Holdings] = {}
        #: Why nothing more is tried: what failed would fail for every item.
        self._stopped: AccessError | None = None
        self._before: dict[str, str] = {}
        self.items = self._checked(items, listed)

    def _checked(self, items: t.Sequence[t.Mapping[str, t.Any]], listed: bool) -> list[Entitlement]:
        """All items, or one failure that names every item that cannot be right."""
        checked: list[Entitlement] = []
        problems: list[str] = []
        wishes: dict[tuple[t.Any, ...], tuple[int, str]] = {}
        for index, options in enumerate(items):
            place = f"entitlements[{index}]: " if listed else ""
            try:
                item = Entitlement.read(options, self._access.clock.now())
                first, wanted = wishes.setdefault((item.user, item.kind, item.number), (index, item.wanted))
                if wanted != item.wanted:
                    raise AccessError(f"it contradicts entitlements[{first}], which wants {item.label} {wanted}")
                checked.append(item)
            except AccessError as error:
                problems.append(place + error.message)
        if problems:
            raise AccessError(in_one_line(problems))
        return checked

    def apply(self) -> None:
        """Do it, or in check mode find out what would be done."""
        pending: dict[str, Entitlement] = {}
        for item in self.items:
            if self._needs_write(item) and item.label not in pending:
                item.changed = True
                self._before[item.label] = self._holds(item) if self._reads else "unknown"
                pending[item.label] = item
        if not self._access.check_mode:
            size = self._access.params["batch_size"]
            for start in range(0, len(pending), size):
                self._write(list(pending.values())[start : start + size])
        for item in self.items:  # one that is listed twice shares what became of the first
            item.failure = item.failure or (pending[item.label].failure if item.label in pending else None)

    def _needs_write(self, item: Entitlement) -> bool:
        if not self._reads:
            return True
        self._attempt([item], lambda: self._read(item.user))
        if item.failure:
            return False
        holdings = self._held[item.user]
        if holdings is None and item.present and not item.auto_register:
            item.fail("there is no such user. Set auto_register to create users by their user_email")
            return False
        return self._holds(item) != item.wanted

    def _holds(self, item: Entitlement) -> str:
        return item.held(self._held[item.user], self._access.clock.now())

    def _read(self, user: User, *, again: bool = False) -> None:
        if again or user not in self._held:
            self._access.patience.renew()
            self._held[user] = self._platform.holdings(self._platform.user_grant(user))

    def _attempt(self, items: t.Sequence[Entitlement], action: t.Callable[[], None]) -> bool:
        """Do something for some items; its failure is theirs, and of all that follow where it must fail for them too."""
        failure = AccessError(f"not tried any more, because one before it failed: {self._stopped.message}") if self._stopped else None
        if not failure:
            try:
                action()
            except AccessError as error:
                failure = error
                if isinstance(error, WaitTooLong) or error.status is None or error.code in _HOPELESS:
                    self._stopped = error
        for item in items if failure else ():
            item.fail(t.cast(AccessError, failure))
        return failure is None

    def _write(self, batch: t.Sequence[Entitlement]) -> None:
        """Write a batch; where an item's own outcome cannot be read from the answer, it is written once more, alone."""
        if self._stopped:
            self._attempt(batch, lambda: None)
            return
        self._access.patience.renew()
        unclear: list[Entitlement] = []
        self._attempt(batch, lambda: unclear.extend(self._send(batch)))
        if len(batch) > 1:
            for item in unclear:
                self._write([item])
            self._settle([item for item in batch if item.failure and item not in unclear])
        else:
            for item in unclear:
                item.fail("the platform did not say what became of it")
            self._settle([item for item in batch if item.failure])

    def _settle(self, failed: t.Sequence[Entitlement]) -> None:
        """After a failure, believe what the platform says that the users hold."""
        fresh: set[User] = set()
        for item in failed if self._reads else ():
            try:
                self._read(item.user, again=item.user not in fresh)
            except AccessError:
                return
            fresh.add(item.user)
            if self._holds(item) == item.wanted:
                item.changed, item.failure = True, None

    def _send(self, batch: t.Sequence[Entitlement]) -> list[Entitlement]:
        """Send a batch as aliased mutations of one document; returns the items whose outcome the answer leaves open."""
        aliases = {f"e{index}": item for index, item in enumerate(batch)}
        document = "mutation { " + " ".join(item.mutation(self._client, alias) for alias, item in aliases.items()) + " }"
        response = self._platform.http.send(self._platform.request(document, repeatable=True))
        errors = self._platform.errors_in(response)
        error = self._platform.failure(response)
        if error and not errors:
            raise error
        data = self._platform.data(response)
        if error and error.code in _HOPELESS and not any(data.values()):
            raise error
        failed = self._failed(aliases, errors, response)
        unclear = []
        for alias, item in aliases.items():
            if alias in failed:
                item.fail(failed[alias])
            elif alias not in data or (errors and data[alias] is None):
                unclear.append(item)
            elif data[alias] is False:
                item.fail("the platform answered false")
        return unclear

    def _failed(self, aliases: t.Mapping[str, Entitlement], errors: t.Sequence[dict[str, t.Any]], response: Response) -> dict[str, AccessError]:
        """The errors by the alias that each belongs to."""
        failed: dict[str, AccessError] = {}
        for error in errors:
            path = error.get("path")
            alias = str(path[0]) if isinstance(path, list) and path else next(iter(aliases)) if len(aliases) == 1 else ""
            if alias in aliases:
                failed.setdefault(alias, self._platform.error_from(error, response))
        return failed

    def as_result(self) -> dict[str, t.Any]:
        """The module's result: every item in the input's order, and a failure if any failed."""
        failed = [item.failure for item in self.items if item.failure]
        changed = [item for item in self.items if item.changed]
        result: dict[str, t.Any] = {}
        if failed:
            result = failed[0].as_result()
            if len(self.items) > 1:
                result["msg"] = f"{len(failed)} of {len(self.items)} entitlements failed, the first with: {failed[0].message}"
        result.update(
            changed=bool(changed),
            entitlements=[item.as_result() for item in self.items],
            summary={
                "total": len(self.items),
                "changed": len(changed),
                "unchanged": len(self.items) - len(changed) - len(failed),
                "failed": len(failed),
            },
            diff={"before": {item.label: self._before[item.label] for item in changed}, "after": {item.label: item.wanted for item in changed}},
        )
        return result
