# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that other collections have, as antsibull-nox.toml configures them: nox --list. What only this one has is in the Makefile."""

# /// script
# dependencies = ["nox >= 2025.11.12", "antsibull-nox >= 1.10", "ansible-core >= 2.19"]
# ///

import antsibull_nox
import nox

antsibull_nox.load_antsibull_nox_toml()

if __name__ == "__main__":
    nox.main()
