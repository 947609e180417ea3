# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `python extensions/sandbox`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

if not __package__:
    # Started as a folder: make it importable as a package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sandbox.server import TLS, bind_socket, serve
from sandbox.simulation import Sandbox, all_switches
from sandbox.switches import describe_switches


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sandbox", description="Simulates the APIs of media platforms on the loopback interface."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8800, help="port to listen on; 0 selects a free port (default: 8800)"
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help='file that is written once the sandbox listens, {"url": ..., "pid": ...}, and removed when it stops',
    )
    parser.add_argument(
        "--switch", action="append", default=[], metavar="NAME=VALUE", help="set a switch; can be repeated"
    )
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        help="JSON file with the initial state, in the format of GET /_sandbox/state",
    )
    parser.add_argument("--list-switches", action="store_true", help="print the table of switches and exit")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    parser.add_argument("--tls-cert", metavar="FILE", help="serve HTTPS with this certificate")
    parser.add_argument("--tls-key", metavar="FILE", help="private key of the certificate")
    parser.add_argument("--tls-client-ca", metavar="FILE", help="require a client certificate issued by this CA")
    arguments = parser.parse_args(argv)
    if bool(arguments.tls_cert) != bool(arguments.tls_key) or (arguments.tls_client_ca and not arguments.tls_cert):
        parser.error("--tls-cert and --tls-key must be given together, and --tls-client-ca requires both")
    for item in arguments.switch:
        if "=" not in item:
            parser.error(f"--switch: {item!r} is not in the form NAME=VALUE")
    if arguments.ready_file and arguments.ready_file.exists() and not arguments.ready_file.is_file():
        parser.error(f"--ready-file: {arguments.ready_file} is not a regular file")
    return arguments


def welcome(sandbox: Sandbox, url: str) -> str:
    """Return a table of the platforms' URLs and test credentials."""
    rows: list[tuple[str, str, str]] = []
    for platform in sandbox.platforms.values():
        rows.append((platform.title, "url", f"{url}/{next(iter(platform.endpoints))}"))
        rows += [("", credential.label, credential.value.replace("{url}", url)) for credential in platform.credentials]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    table = [f"{first:<{widths[0]}}  {second:<{widths[1]}}  {third}" for first, second, third in rows]
    return "\n".join(
        [
            f"Sandbox at {url} (control API: {url}/_sandbox/). All data is fictional. Press Ctrl-C to stop.",
            "",
            *table,
            "",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    if arguments.list_switches:
        print(describe_switches(all_switches()))
        return 0
    try:
        seed = json.loads(arguments.seed.read_text(encoding="utf-8")) if arguments.seed else None
        sandbox = Sandbox(dict(item.split("=", 1) for item in arguments.switch), seed)
    except (OSError, ValueError) as exc:
        print(f"sandbox: {exc}", file=sys.stderr)
        return 2
    try:
        sock = bind_socket(arguments.host, arguments.port)
    except OSError as exc:
        print(f"sandbox: cannot listen on {arguments.host}:{arguments.port}: {exc}", file=sys.stderr)
        return 2
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    url = f"{'https' if arguments.tls_cert else 'http'}://{host}:{sock.getsockname()[1]}"
    if not arguments.quiet:
        print(welcome(sandbox, url), flush=True)
    tls = TLS(arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca) if arguments.tls_cert else None
    serve(sandbox, sock, url, arguments.ready_file, tls)
    return 0


if __name__ == "__main__":
    sys.exit(main())
