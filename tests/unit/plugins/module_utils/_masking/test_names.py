# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mediaops.access.plugins.module_utils._masking.names import is_secret_name

SECRET_NAMES = (
    *(
        "client_secret",
        "clientSecret",
        "secret",
        "access_token",
        "refresh_token",
        "token",
        "password",
        "user_password",
        "Authorization",
    ),
    *(
        "registration_key",
        "registrationKey",
        "api_key",
        "apikey",
        "jwt",
        "passwd",
        "passphrase",
        "secrets",
        "tokens",
        "privateKey",
        "secret_key",
    ),
    *(
        "clientSecretValue",
        "Set-Cookie",
        "accessKey",
        "access_key",
        "secretAccessKey",
        "pwd",
        "userPwd",
        "sessionId",
        "session_id",
        "JSESSIONID",
    ),
    *(
        "PHPSESSID",
        "apiKeyValue",
        "otp",
        "bearer",
        "x-auth-key",
        "x-session-id",
        "X-Auth-Token",
        "X-Amz-Signature",
        "sig",
        "signature",
        "pass",
        "pw",
    ),
    *(
        "password_hash",
        "password2",
        "secret_1",
        "passwordConfirmation",
        "secret_id",
        "code_verifier",
        "client_assertion",
        "csrf",
        "Passwort",
        "hdnts",
    ),
    *("Ocp-Apim-Subscription-Key", "connectionString"),
)
OTHER_NAMES = (
    *(
        "token_type",
        "tokenType",
        "token_cache",
        "client_id",
        "secret_of_success",
        "name",
        "key",
        "token_info",
        "keys",
        "expires_in",
        "password_policy",
    ),
    *(
        "passwordRequired",
        "password_reset_url",
        "author",
        "authority",
        "keywords",
        "keyboard",
        "monkey",
        "secretary",
        "session",
        "sessions",
        "design",
    ),
    *(
        "signed",
        "signal",
        "publicKey",
        "primary_key",
        "foreign_key",
        "season_pass",
        "compass",
        "passed",
        "bypass",
        "cookie_policy",
        "bearer_format",
    ),
    *("config", "etag", "x-request-id", "idp", "accessKeyId"),
)


@pytest.mark.parametrize(
    ("name", "secret"), [*((name, True) for name in SECRET_NAMES), *((name, False) for name in OTHER_NAMES)]
)
def test_secret_names(name, secret):
    assert is_secret_name(name) is secret
