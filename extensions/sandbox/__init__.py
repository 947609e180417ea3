# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that simulates the APIs of media platforms on the loopback interface.

The modules form layers. Each imports only from the layers below its own:

    __main__                the command line
    server                  sockets, signals, TLS, the ready file
    app                     the ASGI application: a request's way through rate limits, faults and platform
    control                 the control API below /_sandbox
    simulation              the platforms and everything that they share, as one object
    platforms               one module or package per platform, on a common base
    faults, connection      injected faults, and the connection that some of them break
    routing                 endpoints and operations
    messages                requests and responses: Starlette's, extended for the platforms
    switches, journal       the settings of the platforms, and the record of requests
    limits                  rate limits
    state                   clock and tokens
"""

from __future__ import annotations
