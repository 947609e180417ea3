# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the collection does: a plan, the real run, and a second one that changes nothing, against the sandbox."""

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
TAIL = 30  # lines of a failed playbook's output


def start_sandbox(folder: pathlib.Path) -> tuple[subprocess.Popen[bytes], str]:
    ready = folder / "sandbox.json"
    process = subprocess.Popen([sys.executable, str(SANDBOX), "--port", "0", "--quiet", "--ready-file", str(ready)])
    while not ready.exists():
        if process.poll() is not None:
            sys.exit(f"the sandbox ended with status {process.returncode}")
        time.sleep(0.05)
    return process, json.loads(ready.read_text())["url"]


def provision(folder: pathlib.Path, *options: str) -> str:
    """Run the playbook; its output, or the end of the demo with it."""
    manifest, password = folder / "manifest.yml", folder / "password.json"
    command = [
        shutil.which("ansible-playbook") or "ansible-playbook",
        "mediaops.access.provision",
        "-e",
        f"provision_manifest={manifest}",
        "-e",
        f"@{password}",
    ]
    # Nothing of the user's own settings and cache is used or changed.
    kept = {name: value for name, value in os.environ.items() if name == "ANSIBLE_COLLECTIONS_PATH" or not name.startswith(("ANSIBLE_", "MEDIAOPS_"))}
    environment = {**kept, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run([*command, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-TAIL:])
        sys.exit(f"{end}\n\nThe playbook failed, and the demo ends here. All of its output: {kept_log(done.stdout)}")
    return done.stdout


def kept_log(output: str) -> str:
    """The path of a new file that stays, with the output in it: below $WORK/logs in a checkout."""
    logs = pathlib.Path(os.environ["WORK"], "logs") if "WORK" in os.environ else pathlib.Path(tempfile.gettempdir())
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=logs, prefix="mediaops-demo-", suffix=".log", encoding="utf-8", delete=False) as file:
        file.write(output)
    return file.name


def changed_tasks(output: str) -> list[str]:
    """The tasks that report changes, with how many items."""
    found: dict[str, int] = {}
    task = ""
    for line in output.splitlines():
        banner = re.match(r"TASK \[(?:mediaops\.access\.)?(.*)\] \*+", line)
        if banner:
            task = banner.group(1)
        elif line.startswith("changed: "):
            found[task] = found.get(task, 0) + 1
    return [f"{name} ({count} changed)" for name, count in found.items()]


def planned(output: str) -> list[str]:
    """What the plan's diffs say, one line for each item."""
    lines = []
    for line in output.splitlines():
        if line.startswith("+++ after: "):
            lines.append(line[len("+++ after: ") :])
        elif re.match(r'\+    "(product|subscription) ', line):
            lines.append(line[1:].strip().strip(",").replace('"', ""))
    return [line.rpartition("/")[2] if line.startswith("/") else line for line in lines]


def heading(title: str) -> None:
    print(f"\n{title}", flush=True)


def listed(lines: list[str], nothing: str = "") -> None:
    print("\n".join(f"   {line}" for line in lines or [nothing]), flush=True)


def show(folder: pathlib.Path, url: str) -> None:
    command = "ansible-playbook mediaops.access.provision -e provision_manifest=manifest.yml"
    heading(f"1. The plan: {command} --check --diff")
    listed(planned(provision(folder, "--check", "--diff")), "nothing to change")
    heading(f"2. For real: {command}")
    listed(changed_tasks(provision(folder)), "nothing has changed")
    heading("3. Once more, the same")
    listed(changed_tasks(provision(folder)), "nothing has changed")
    variables = [line.partition("=")[0] for line in (folder / "credentials.env").read_text().splitlines()]
    heading("Delivered, mode 0600")
    listed([f"credentials.env: {', '.join(variables)}", "credentials.yml: the same, encrypted with Ansible Vault"])
    with urllib.request.urlopen(f"{url}/_sandbox/summary", timeout=10) as answer:
        summary = json.load(answer)
    seen = [f"{platform}: {counts['requests']} requests, {counts['logins']} logins, {counts['rejected_429']} x 429" for platform, counts in summary.items()]
    heading("What the platforms saw in all three runs")
    listed([line for line in seen if " 0 requests" not in line])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mediaops-demo-") as name:
        folder = pathlib.Path(name)
        process, url = start_sandbox(folder)
        try:
            print(f"The sandbox plays the platforms at {url}. The manifest is playbooks/files/demo/manifest.yml.")
            (folder / "manifest.yml").write_text((FILES / "manifest.yml").read_text().replace("SANDBOX", url))
            shutil.copy(FILES / "entitlements.csv", folder)
            (folder / "ansible.cfg").write_text("[defaults]\nnocolor = true\n")
            (folder / "password.json").write_text(json.dumps({"provision_vault_password": secrets.token_urlsafe(16)}))
            show(folder, url)
        finally:
            process.terminate()
            process.wait()
    print("\nThe sandbox is stopped. Try your own manifest: make sandbox")


main()
