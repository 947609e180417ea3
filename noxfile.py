# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks for those who are used to nox: nox --list.

lint, units, faults, integration, sanity and ecosystem run the Makefile's targets of these names; with arguments, as in
"nox -s units -- -k token", they pass these to pytest or ansible-test. The other sessions are those of antsibull-nox
that the Makefile has no target for (antsibull-nox.toml).
"""

# /// script
# dependencies = ["nox >= 2025.11.12", "antsibull-nox >= 1.10", "ansible-core >= 2.19"]
# ///

import pathlib

import antsibull_nox
import nox

antsibull_nox.load_antsibull_nox_toml()


def make(session: nox.Session, target: str) -> None:
    session.run("make", "--no-print-directory", target, external=True)


def in_venv(session: nox.Session, *command: str, setup: str = "setup-test") -> None:
    make(session, setup)
    session.run("tools/env", "python", *command, external=True)


def pytest(session: nox.Session, target: str, folder: str, setup: str = "setup-test") -> None:
    if session.posargs:
        named = any(pathlib.Path(argument.partition("::")[0]).exists() for argument in session.posargs)
        in_venv(
            session,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            *([] if named else [folder]),
            *session.posargs,
            setup=setup,
        )
    else:
        make(session, target)


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Check code, documentation, changelog, licences and packaging"""
    make(session, "lint")


@nox.session(python=False)
def units(session: nox.Session) -> None:
    """Run the unit tests; arguments go to pytest"""
    pytest(session, "units", "tests/unit")


@nox.session(python=False, default=False)
def faults(session: nox.Session) -> None:
    """Let every module meet every fault of network and platform; arguments go to pytest"""
    pytest(session, "faults", "tests/faults")


@nox.session(python=False, default=False)
def integration(session: nox.Session) -> None:
    """Run the integration tests against the sandbox; arguments go to pytest"""
    pytest(session, "integration", "tests/integration")


@nox.session(python=False, default=False)
def ecosystem(session: nox.Session) -> None:
    """Run the tests of docs, events, report and release; arguments go to pytest"""
    pytest(session, "ecosystem", "tests/ecosystem", setup="setup-all")


@nox.session(python=False, default=False)
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity; arguments go to it (nox -s sanity -- --test pep8)"""
    if session.posargs:
        in_venv(session, "tools/ansible_test_env.py", "sanity", *session.posargs)
    else:
        make(session, "sanity")


@nox.session(name="ansible-test", python=False, default=False)
def ansible_test(session: nox.Session) -> None:
    """Run ansible-test in a folder that it accepts (nox -s ansible-test -- integration flex_token)"""
    in_venv(session, "tools/ansible_test_env.py", *session.posargs)


if __name__ == "__main__":
    nox.main()
