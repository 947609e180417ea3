# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that reach users, as a tree of exceptions.

``AccessError`` is the base: its message names the problem, the place and the remedy. Raise a subclass if callers handle the case differently. An error is
never changed after it was raised: :meth:`AccessError.with_context` and :meth:`AccessError.after_change` return copies.
"""

from __future__ import annotations

import sys
import typing as t

E = t.TypeVar("E", bound="AccessError")


class AccessError(Exception):
    """A failure that is reported as ``msg``, ``status`` and ``error_code``.

    The message may quote a platform's answer: scrub it before it is shown (see :class:`_masking.secrets.Secrets`).
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | int | None = None, changed: bool = False) -> None:
        super().__init__(message)
        self.message = message
        #: The HTTP status and the platform's own error code, if there are any.
        self.status = status
        self.code = code
        #: Whether something was changed before the failure.
        self.changed = changed

    def __str__(self) -> str:
        return self.message

    def with_message(self: E, message: str) -> E:
        """The same error with another message."""
        return self._replace(message=message)

    def with_context(self: E, place: str) -> E:
        """The same error, with its place before the message."""
        return self.with_message(f"{place}: {self.message}")

    def after_change(self: E, changed: bool = True) -> E:
        """The same error, raised after something was ``changed``."""
        return self._replace(changed=self.changed or changed)

    def _replace(self: E, **attributes: t.Any) -> E:
        twin = self.__class__.__new__(self.__class__, *self.args)
        twin.__dict__.update(vars(self), **attributes)
        return twin

    @property
    def codes(self) -> dict[str, t.Any]:
        """The status and the code, as arguments for another error."""
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
    """The platform rejected the access token: only another token can help."""


class NotFound(AccessError):
    """The item does not exist on the platform."""


class WaitTooLong(AccessError):
    """A rate limit, a ``Retry-After`` or another process's login would exceed ``max_wait``."""


class MissingOption(AccessError):
    """A required option is not set."""


class MissingLibrary(AccessError):
    """A required Python library cannot be imported. The message names the interpreter, which is the worker's or an ordinary module's."""

    def __init__(self, library: str, purpose: str) -> None:
        python = sys.executable or "python"
        super().__init__(f"the Python library {library} is needed {purpose}, and {python} cannot import it. Install it with: {python} -m pip install {library}")


class AmbiguousWrite(AccessError):
    """The outcome of a write is unknown: read the state again before anything else."""

    def __init__(self, message: str, *, wait: float = 0.0, creates: bool = False, **kwargs: t.Any) -> None:
        super().__init__(message, **kwargs)
        #: Seconds that the platform asked to wait before the next request.
        self.wait = wait
        #: Whether it may have created an item, so that a repeat could create a second one (see ``Request.creates``).
        self.creates = creates


class Overtaken(AmbiguousWrite):
    """A write was refused, probably because another process made the same change: read the state again before anything else."""


def in_one_line(problems: t.Sequence[str], limit: int = 10) -> str:
    """Several problems as one message of readable length."""
    more = f" (and {len(problems) - limit} more)" if len(problems) > limit else ""
    return "; ".join(problems[:limit]) + more
