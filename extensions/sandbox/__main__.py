# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the sandbox: `python extensions/sandbox`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

if not __package__:
    # Started as a folder: make the folder importable as the package it is.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sandbox.app import Sandbox, all_switches
from sandbox.switches import SwitchError, Switches


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Plays media platforms' APIs on loopback.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8800, help="0 takes a free one (default: 8800)")
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help='written when it listens: {"url": ..., "pid": ...}')
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="set a switch; may be repeated")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="JSON of the initial state, as the control API takes it")
    parser.add_argument("--list-switches", action="store_true", help="print all switches as a Markdown table and end")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    parser.add_argument("--tls-cert", metavar="FILE")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--tls-client-ca", metavar="FILE", help="ask clients for a certificate of this CA")
    given = parser.parse_args(argv)
    if bool(given.tls_cert) != bool(given.tls_key) or (given.tls_client_ca and not given.tls_cert):
        parser.error("--tls-cert and --tls-key go together, and --tls-client-ca needs both")
    for item in given.switch:
        if "=" not in item:
            parser.error(f"--switch takes NAME=VALUE, not {item!r}")
    if given.ready_file and given.ready_file.exists() and not given.ready_file.is_file():
        parser.error(f"--ready-file: {given.ready_file} is not a regular file")
    return given


def welcome(sandbox: Sandbox, url: str) -> str:
    """The platforms' URLs and test credentials."""
    rows = [(platform.title, "url", url + "/" + platform.prefixes[0]) for platform in sandbox.platforms.values()]
    lines: list[tuple[str, str, str]] = []
    for row, platform in zip(rows, sandbox.platforms.values(), strict=True):
        lines.append(row)
        lines += [("", item.what, item.value.replace("{url}", url)) for item in platform.credentials]
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    table = [f"{first:<{widths[0]}}  {second:<{widths[1]}}  {third}" for first, second, third in lines]
    return "\n".join([f"Sandbox at {url} (control API: {url}/_sandbox/). All data is made up. Ctrl-C ends it.", "", *table, ""])


def main(argv: list[str] | None = None) -> int:
    given = arguments(argv)
    if given.list_switches:
        print(Switches(all_switches()).table())
        return 0
    try:
        seed = json.loads(given.seed.read_text(encoding="utf-8")) if given.seed else None
        sandbox = Sandbox(dict(item.split("=", 1) for item in given.switch), seed)
    except (OSError, SwitchError, ValueError) as exc:
        print(f"sandbox: {exc}", file=sys.stderr)
        return 2
    from sandbox.server import listen, serve

    try:
        sock = listen(given.host, given.port)
    except OSError as exc:
        print(f"sandbox: cannot listen on {given.host}:{given.port}: {exc}", file=sys.stderr)
        return 2
    host = f"[{given.host}]" if ":" in given.host else given.host
    url = f"{'https' if given.tls_cert else 'http'}://{host}:{sock.getsockname()[1]}"
    if not given.quiet:
        print(welcome(sandbox, url), flush=True)
    tls = {"cert": given.tls_cert, "key": given.tls_key, "client_ca": given.tls_client_ca} if given.tls_cert else None
    serve(sandbox, sock, url, given.ready_file, tls)
    return 0


if __name__ == "__main__":
    sys.exit(main())
