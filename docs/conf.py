# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of Sphinx, which tools/docs.py runs."""

from __future__ import annotations

from docutils import nodes

project = "mediaops.access"
author = "mediaops.access contributors"
project_copyright = f"2026, {author}"
root_doc = "docs/index"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = project
html_copy_source = False
html_use_index = False

#: Labels of Ansible's own documentation that the reference uses. Sphinx would download the complete list.
ANSIBLE = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.uri_module": "collections/ansible/builtin/uri_module.html",
    "ansible_collections.ansible.builtin.uri_module__parameter-headers": "collections/ansible/builtin/uri_module.html#parameter-headers",  # noqa: E501
    "callback_plugins": "plugins/callback.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def resolve_ansible_label(app, env, node, content):
    page = ANSIBLE.get(node.get("reftarget"))
    return (
        nodes.reference("", "", content, refuri=f"https://docs.ansible.com/ansible/latest/{page}", internal=False)
        if page
        else None
    )


def setup(app):
    app.connect("missing-reference", resolve_ansible_label)
