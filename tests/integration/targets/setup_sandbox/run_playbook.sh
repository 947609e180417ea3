#!/usr/bin/env bash
# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Run a target's playbook.yml twice against a sandbox of its own; the second run must change nothing. A target's runme.sh reads this; ansible-test has made OUTPUT_DIR.
set -euo pipefail
tests=$ANSIBLE_COLLECTIONS_PATH/ansible_collections/mediaops/access/tests/integration

python "$tests/serve.py" "$PWD" "$OUTPUT_DIR" &
sandbox=$!
trap 'kill "$sandbox" && wait "$sandbox"' EXIT
until [[ -f $OUTPUT_DIR/variables.json ]]; do
    kill -0 "$sandbox"
    sleep 0.1
done
command=(ansible-playbook playbook.yml --extra-vars "@$OUTPUT_DIR/variables.json" --extra-vars @vars/main.yml "$@")
"${command[@]}"
"${command[@]}" | tee "$OUTPUT_DIR/again"
grep -q ' changed=0 ' "$OUTPUT_DIR/again"
