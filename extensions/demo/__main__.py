# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Demonstrate the collection against the sandbox: a plan, a run, and a second run that changes nothing."""

from __future__ import annotations

import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SANDBOX = HERE.parent / "sandbox"
FILES = HERE.parents[1] / "playbooks" / "files" / "demo"
TAIL = 30  # lines of output that are printed if the playbook fails


def start_sandbox(folder: pathlib.Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a sandbox on a free port. Returns its process and URL."""
    ready = folder / "sandbox.json"
    process = subprocess.Popen([sys.executable, str(SANDBOX), "--port", "0", "--quiet", "--ready-file", str(ready)])
    while not ready.exists():
        if process.poll() is not None:
            sys.exit(f"The sandbox failed to start: exit status {process.returncode}")
        time.sleep(0.05)
    return process, json.loads(ready.read_text())["url"]


def run_playbook(folder: pathlib.Path, *options: str) -> str:
    """Run the playbook and return its output. Exits if it fails."""
    manifest, password = folder / "manifest.yml", folder / "password.json"
    command = [
        shutil.which("ansible-playbook") or "ansible-playbook",
        "mediaops.access.provision",
        "-e",
        f"provision_manifest={manifest}",
        "-e",
        f"@{password}",
    ]
    # The demo neither uses nor changes the user's own settings and cache.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "ANSIBLE_COLLECTIONS_PATH" or not name.startswith(("ANSIBLE_", "MEDIAOPS_"))
    }
    environment = {**kept, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run(
        [*command, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-TAIL:])
        sys.exit(f"{end}\n\nThe playbook failed. Complete output: {save_log(done.stdout)}")
    return done.stdout


def save_log(output: str) -> str:
    """Write the output to a new file, in $WORK/logs or the temporary directory, and return its path."""
    logs = pathlib.Path(os.environ["WORK"], "logs") if "WORK" in os.environ else pathlib.Path(tempfile.gettempdir())
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=logs, prefix="mediaops-demo-", suffix=".log", encoding="utf-8", delete=False
    ) as file:
        file.write(output)
    return file.name


def list_changes(output: str) -> list[str]:
    """Return the tasks that report changes, with the number of changed items."""
    found: dict[str, int] = {}
    task = ""
    for line in output.splitlines():
        banner = re.match(r"TASK \[(?:mediaops\.access\.)?(.*)\] \*+", line)
        if banner:
            task = banner.group(1)
        elif line.startswith("changed: "):
            found[task] = found.get(task, 0) + 1
    return [f"{name} ({count} changed)" for name, count in found.items()]


def list_planned_changes(output: str) -> list[str]:
    """Return a line for each item in the diffs."""
    lines = []
    for line in output.splitlines():
        if line.startswith("+++ after: "):
            lines.append(line[len("+++ after: ") :])
        elif re.match(r'\+    "(product|subscription) ', line):
            lines.append(line[1:].strip().strip(",").replace('"', ""))
    return [line.rpartition("/")[2] if line.startswith("/") else line for line in lines]


def print_heading(title: str) -> None:
    print(f"\n{title}", flush=True)


def print_list(lines: list[str], placeholder: str = "") -> None:
    print("\n".join(f"   {line}" for line in lines or [placeholder]), flush=True)


def demonstrate(folder: pathlib.Path, url: str) -> None:
    command = "ansible-playbook mediaops.access.provision -e provision_manifest=manifest.yml"
    print_heading(f"1. The plan: {command} --check --diff")
    print_list(list_planned_changes(run_playbook(folder, "--check", "--diff")), "nothing to change")
    print_heading(f"2. The run: {command}")
    print_list(list_changes(run_playbook(folder)), "nothing has changed")
    print_heading("3. Once more, the same")
    print_list(list_changes(run_playbook(folder)), "nothing has changed")
    variables = [line.partition("=")[0] for line in (folder / "credentials.env").read_text().splitlines()]
    print_heading("Delivered credentials (mode 0600)")
    print_list(
        [f"credentials.env: {', '.join(variables)}", "credentials.yml: the same values, encrypted with Ansible Vault"]
    )
    with urllib.request.urlopen(f"{url}/_sandbox/summary", timeout=10) as answer:
        summary = json.load(answer)
    counted = [
        f"{platform}: {counts['requests']} requests, {counts['logins']} logins, {counts['rejected_429']} x 429"
        for platform, counts in summary.items()
    ]
    print_heading("Requests in all three runs")
    print_list([line for line in counted if " 0 requests" not in line])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mediaops-demo-") as name:
        folder = pathlib.Path(name)
        process, url = start_sandbox(folder)
        try:
            print(f"The sandbox simulates the platforms at {url}. The manifest is playbooks/files/demo/manifest.yml.")
            (folder / "manifest.yml").write_text((FILES / "manifest.yml").read_text().replace("SANDBOX", url))
            shutil.copy(FILES / "entitlements.csv", folder)
            (folder / "ansible.cfg").write_text("[defaults]\nnocolor = true\n")
            (folder / "password.json").write_text(json.dumps({"provision_vault_password": secrets.token_urlsafe(16)}))
            demonstrate(folder, url)
        finally:
            process.terminate()
            process.wait()
    print("\nThe sandbox has been stopped. To try a manifest of your own: make sandbox")


main()
