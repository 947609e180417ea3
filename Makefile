# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything that is not in the checkout (logs, caches, the path ansible_collections/mediaops/access) goes to WORK.
export WORK := $(or $(WORK),$(shell tools/env printenv WORK))
export STRICT ?=
export LC_ALL := C.UTF-8
PORT ?= 8800
RUN = tools/env .venv/bin/python

help:  ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 20

demo: setup  ## Start the sandbox, provision an example there three times (plan, real, unchanged), stop it
	@$(RUN) extensions/demo

sandbox: setup  ## Run the sandbox, a server that plays the providers, on PORT (default 8800) until Ctrl-C
	@$(RUN) extensions/sandbox --port $(PORT)

test: setup-$(if $(STRICT),all,test)  ## Run lint, sanity, units, faults and integration, all of them even when one fails
	@.venv/bin/python tools/check.py lint sanity units faults integration $(if $(STRICT),ecosystem)

test-all:  ## Run what CI runs: the tests on every ansible-core, the slow ones too, and those of docs, events, report and release
	@$(MAKE) --no-print-directory test STRICT=1

lint: setup-test  ## Check code, documentation, changelog, licences and packaging
	@.venv/bin/python tools/check.py lint

units: setup-test  ## Run the unit tests (STRICT=1: on every ansible-core)
	@.venv/bin/python tools/check.py units

faults: setup-test  ## Let every module meet every fault of network and platform, and print the outcomes
	@$(RUN) -m pytest -q -n 4 -p no:cacheprovider --matrix tests/faults

integration: setup-test  ## Run the integration tests against the sandbox (STRICT=1: on every ansible-core)
	@.venv/bin/python tools/check.py integration

sanity: setup-test  ## Run ansible-test sanity (STRICT=1: on every ansible-core)
	@.venv/bin/python tools/check.py sanity

ecosystem: setup-all  ## Run the tests of docs, events, report and release (it needs chromium, Java, Node.js and GnuPG)
	@.venv/bin/python tools/check.py ecosystem

docs: setup-all  ## Build the documentation's site, without network
	@$(RUN) tools/docs.py '$(WORK)/docs' && echo '$(WORK)/docs/index.html'

release: setup-all  ## Make the files of a release in dist, from the last commit (SIGN=KEY: signed with that GnuPG key)
	@$(RUN) tools/release.py dist $(if $(SIGN),--sign '$(SIGN)')

bench: setup-test  ## Measure this collection against ansible.builtin.uri and print the table
	@$(RUN) tests/bench/run.py

format: setup-test  ## Format the Python code, write the action groups and the manifest's schema
	@$(RUN) -m ruff format --no-cache --quiet .
	@$(RUN) -m ruff check --no-cache --quiet --fix .
	@$(RUN) tools/action_groups.py --write
	@PYTHONPATH=$(WORK)/tree $(RUN) tools/manifest_schema.py --write

clean:  ## Remove the virtual environments and all that was made outside the checkout
	rm -rf .venv .venv-* '$(WORK)'

setup:
	@tools/setup demo

setup-test:
	@tools/setup test

setup-all:
	@tools/setup all

.PHONY: help demo sandbox test test-all lint units faults integration sanity ecosystem docs release bench format clean setup setup-test setup-all
