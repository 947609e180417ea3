# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ..module_utils._errors import AccessError
from ..module_utils._masking.marks import MASK
from ..module_utils._platform.access import Access
from ..module_utils._platform.changes import make_change
from ..module_utils._statistics import Statistics
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._credentials_file import CredentialsFile
from ..plugin_utils._credentials_formats import FORMATS, KEYS, Credentials, Names, Place, Sealed
from ..plugin_utils._plain import ansible_home
from ..plugin_utils._vault_kv2 import VAULT, VaultSecret

SECRET = ("client_secret", "access_token")


class ActionModule(ControllerAction):
    spec: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        **VAULT.argument_spec(),
        "dest": {"type": "path"},
        "format": {"type": "str", "choices": [*FORMATS, "vault_kv2"], "required": True},
        "applications": {"type": "dict", "default": {}, "no_log": False},
        "tokens": {"type": "dict", "default": {}, "no_log": False},
        "vault_password": {"type": "str", "no_log": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    private = ("applications", "tokens")

    def perform(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        statistics = Statistics()
        try:
            result = self._deliver(arguments, statistics)
        finally:
            incomplete = statistics.save()
        warnings = [*result.pop("warnings", []), *incomplete]
        return {**result, **({"warnings": warnings} if warnings else {})}

    def _deliver(self, arguments: dict[str, t.Any], statistics: Statistics) -> dict[str, t.Any]:
        place, label = self._place(arguments, statistics)
        check_mode = self._task.check_mode
        wanted = {kind: arguments[kind] for kind in KEYS}
        if arguments["state"] == "absent":
            return self._remove(place, label, wanted)
        before, after, changed = place.compare(wanted)
        coming = _coming(wanted) if check_mode else {kind: [] for kind in KEYS}
        changed = changed or any(coming.values())
        if changed and not check_mode:
            place.write(after)
        shown = _shown(after, before)
        for kind, names in coming.items():
            shown[kind].update(dict.fromkeys(names, "known after the real run"))
        headers = dict.fromkeys(("before_header", "after_header"), label)
        diff = {**headers, "before": _shown(before), "after": shown} if changed else None
        plan = _changes(changed, label, before if place.found else None, shown)
        new = _new(before, after)
        delivered = {"delivered": {kind: sorted({*new[kind], *coming[kind]}) for kind in KEYS}} if changed else {}
        plan = {**plan, **_warnings(place, "replaced" if changed else None)}
        return {"changed": changed, "dest": label, **delivered, **plan, **({"diff": diff} if self._task.diff else {})}

    def _remove(self, place: Place, label: str, known: Names) -> dict[str, t.Any]:
        existed = place.exists(known)
        if existed and not self._task.check_mode:
            place.remove()
        plan = {**_changes(existed, label, {}, None), **_warnings(place, "removed")}
        return {"changed": existed, "dest": label, **plan}

    def _place(self, arguments: dict[str, t.Any], statistics: Statistics) -> tuple[Place, str]:
        """The destination, and its name in the result and in diffs."""
        if arguments["format"] == "vault_kv2":
            access = Access(VAULT, arguments, secrets=self.secrets, ansible_home=ansible_home(), statistics=statistics)
            return VaultSecret(access), f"{access.client.url}/{arguments['mount']}/{arguments['path']}"
        if not arguments["dest"]:
            raise AccessError(f"dest must be given for format {arguments['format']}")
        name, password = arguments["format"], arguments["vault_password"]
        # Removing a file requires no password.
        is_sealed = name == "vault_yaml" and arguments["state"] == "absent" and not password
        return CredentialsFile(arguments["dest"], Sealed() if is_sealed else FORMATS[name](password)), arguments["dest"]


def _warnings(place: Place, outcome: str | None) -> dict[str, t.Any]:
    """The warning about content that was not delivered, and that is replaced or removed."""
    return {"warnings": [f"{place.foreign}. It is {outcome}"]} if place.foreign and outcome else {}


def _changes(changed: bool, label: str, before: Credentials | None, after: Credentials | None) -> dict[str, t.Any]:
    """The entry of a plan: only the names of what is delivered. It is local, because no platform's state differs."""
    states = [
        None if state is None else {kind: sorted(state.get(kind, {})) for kind in KEYS} for state in (before, after)
    ]
    return {"changes": [make_change(None, "credentials", label, *states, local=True)]} if changed else {}


def _new(before: Credentials, after: Credentials) -> dict[str, list[str]]:
    """The names whose credentials a destination does not have. It may have only some of their keys."""
    return {
        kind: [
            name
            for name, entry in entries.items()
            if name not in before[kind] or any(entry.get(key) != text for key, text in before[kind][name].items())
        ]
        for kind, entries in after.items()
    }


def _coming(wanted: dict[str, dict[str, t.Any]]) -> dict[str, list[str]]:
    """In check mode: the names whose credentials only the real run will obtain. Their token is null, or their
    application has no ID.
    """
    return {
        kind: [name for name, entry in entries.items() if entry is None or entry.get("id", "") is None]
        for kind, entries in wanted.items()
    }


def _shown(credentials: Credentials, before: Credentials | None = None) -> dict[str, dict[str, t.Any]]:
    """Credentials with secrets masked; those that differ from before are marked as new."""

    def value(kind: str, name: str, key: str, text: t.Any) -> t.Any:
        if key not in SECRET:
            return text
        old = (before or {}).get(kind, {}).get(name, {}).get(key)
        return MASK if before is None or old == text else f"{MASK} (new)"

    return {
        kind: {
            name: {key: value(kind, name, key, entry[key]) for key in KEYS[kind] if key in entry}
            for name, entry in entries.items()
        }
        for kind, entries in credentials.items()
    }


main = ActionModule.check_options  # for ansible-lint
