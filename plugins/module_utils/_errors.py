# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions that users see as failures.

``AccessError`` is the base class; its message states the problem, the place and the remedy. Raise a subclass if callers
handle the case differently. Errors are never modified after they are raised: :meth:`AccessError.with_context` and
:meth:`AccessError.after_change` return copies.
"""

from __future__ import annotations

import sys
import typing as t

E = t.TypeVar("E", bound="AccessError")


class AccessError(Exception):
    """A failure, reported as ``msg``, ``status`` and ``error_code``.

    The message may quote a platform's response: scrub it before displaying it (see :class:`_masking.secrets.Secrets`).
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str | int | None = None, changed: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        #: The HTTP status and the platform's own error code, if known.
        self.status = status
        self.code = code
        #: Whether something was changed before the failure.
        self.changed = changed

    def __str__(self) -> str:
        return self.message

    def with_message(self: E, message: str) -> E:
        """Return a copy of the error with a different message."""
        return self._replace(message=message)

    def with_context(self: E, place: str) -> E:
        """Return a copy of the error with ``place`` in front of its message."""
        return self.with_message(f"{place}: {self.message}")

    def after_change(self: E, changed: bool = True) -> E:
        """Return a copy of the error that reports whether something was ``changed`` before it."""
        return self._replace(changed=self.changed or changed)

    def _replace(self: E, **attributes: t.Any) -> E:
        twin = self.__class__.__new__(self.__class__, *self.args)
        twin.__dict__.update(vars(self), **attributes)
        return twin

    @property
    def codes(self) -> dict[str, t.Any]:
        """The status and the code, as keyword arguments for another error."""
        return {"status": self.status, "code": self.code}

    def as_result(self) -> dict[str, t.Any]:
        """The result of a failed module."""
        result: dict[str, t.Any] = {"failed": True, "changed": self.changed, "msg": self.message}
        if self.status is not None:
            result["status"] = self.status
        if self.code is not None:
            result["error_code"] = self.code
        return result


class RejectedToken(AccessError):
    """The platform rejected the access token: a new token is needed."""


class NotFound(AccessError):
    """The item does not exist on the platform."""


class WaitTooLong(AccessError):
    """Waiting for a rate limit, a ``Retry-After`` or another process's login would exceed ``max_wait``."""


class MissingOption(AccessError):
    """A required option is not set."""


class MissingLibrary(AccessError):
    """A required Python library cannot be imported. The message names the interpreter, on the controller or the
    target.
    """

    def __init__(self, library: str, purpose: str) -> None:
        python = sys.executable or "python"
        remedy = f"Install it with: {python} -m pip install {library}"
        super().__init__(f"the Python library {library} is required {purpose}, but {python} cannot import it. {remedy}")


class AmbiguousWrite(AccessError):
    """The outcome of a write is unknown: read the state again before doing anything else."""

    def __init__(self, message: str, *, wait: float = 0.0, creates: bool = False, **kwargs: t.Any) -> None:
        super().__init__(message, **kwargs)
        #: Seconds to wait before the next request, as requested by the platform.
        self.wait = wait
        #: Whether the write may have created an item, so that repeating it could create a duplicate (see
        #: ``Request.creates``).
        self.creates = creates


class Conflict(AmbiguousWrite):
    """A write was rejected, probably because another process made the same change: read the state again before
    doing anything else.
    """


def in_one_line(problems: t.Sequence[str], limit: int = 10) -> str:
    """Join several problems into one message of readable length."""
    more = f" (and {len(problems) - limit} more)" if len(problems) > limit else ""
    return "; ".join(problems[:limit]) + more
