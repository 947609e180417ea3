# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that simulates the APIs of media platforms on the loopback interface.

The modules form floors. Each imports only from the floors below it, never from its own or from above (a package such as `platforms` has an order of
its own):

    __main__                      the command line
    server                        sockets, signals, TLS, the ready file
    app                           the ASGI application: a request's way through limits, faults and platform
    control                       the control API below /_sandbox
    simulation                    the platforms and everything that they share, as one object
    platforms                     one module per platform
    faults, connection            injected faults, and the connection that some of them break
    messages, routing             requests, responses and endpoints: Starlette's, with what the sandbox adds
    switches, journal             the settings of the platforms, and the record of requests
    limits                        rate limits
    state                         clock and tokens
"""

from __future__ import annotations
