# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each platform on the page "Other platforms" accepts and answers, as its documentation describes it. The page names the sources.

Where a documentation leaves the error open, the answer is that of RFC 6749, section 5.2.
"""

from __future__ import annotations

import dataclasses
import typing as t


def value(variable: str) -> str:
    """What a test sets a variable of the page to. Its name tells whether it is a secret."""
    is_secret = any(word in variable for word in ("secret", "password", "token", "assertion", "bitmovin_api_key"))
    return f"s3cr3t-{variable}" if is_secret else f"my-{variable}"


def credentials(client_id: str, client_secret: str, **form: str) -> dict[str, str]:
    """A form with the client's credentials; names of variables."""
    return {**form, "client_id": value(client_id), "client_secret": value(client_secret)}


@dataclasses.dataclass(frozen=True)
class Refusal:
    """The answer to wrong credentials, and what the module's message must contain."""

    message: str
    status: int
    body: t.Mapping[str, t.Any] | None = None
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


INVALID_CLIENT = Refusal("Check client_id, client_secret and client_auth", 401, {"error": "invalid_client"})
UNAUTHORIZED = Refusal("access_token was rejected", 401, {"errors": [{"message": "Unauthorized"}]})


@dataclasses.dataclass(frozen=True)
class Platform:
    """One example: the section of the page, and which of its blocks.

    Addresses are ``HOST/PATH?QUERY``. ``basic`` is the client of HTTP Basic authentication. ``call`` is the request that
    the API accepts with ``headers``, in which ``{}`` is the token. ``wrong`` is the variable that the test gets wrong.
    """

    section: str
    wrong: str
    refusal: Refusal
    token: str = ""
    form: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    basic: tuple[str, str] | None = None
    answer: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    call: str = ""
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=lambda: {"Authorization": "Bearer {}"})
    block: int = 0

    @property
    def name(self) -> str:
        return f"{self.section} {self.block + 1}"


GRANT = {"grant_type": "client_credentials"}
TWITCH_HEADERS = {"Authorization": "Bearer {}", "Client-Id": value("twitch_client_id")}
TWITCH_REFUSAL = Refusal(
    "HTTP 403: invalid client secret. Check the credentials and client_auth",
    403,
    {"status": 403, "message": "invalid client secret"},
)

PLATFORMS = [
    Platform(
        "Brightcove",
        token="oauth.brightcove.com/v4/access_token",
        form=GRANT,
        basic=("brightcove_client_id", "brightcove_client_secret"),
        answer={"token_type": "Bearer", "expires_in": 300},
        call=f"cms.api.brightcove.com/v1/accounts/{value('brightcove_account')}/videos?limit=20",
        wrong="brightcove_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Dailymotion",
        token="oauth2.dailymotion.com/v2/token",
        form=credentials("dailymotion_api_key", "dailymotion_api_secret", **GRANT, scope="account.read video.read"),
        answer={"expires_in": 36000},
        call="api.dailymotion.com/v2/me",
        wrong="dailymotion_api_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Vimeo",
        token="api.vimeo.com/oauth/authorize/client",
        form={**GRANT, "scope": "public"},
        basic=("vimeo_client_id", "vimeo_client_secret"),
        answer={"token_type": "Bearer", "scope": "public"},
        call=f"api.vimeo.com/videos/{value('vimeo_video')}",
        headers={"Authorization": "Bearer {}", "Accept": "application/vnd.vimeo.*+json;version=3.4"},
        wrong="vimeo_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "PeerTube",
        token="peertube.example.com/api/v1/users/token",
        form=credentials(
            "peertube_client_id",
            "peertube_client_secret",
            grant_type="password",
            username=value("peertube_username"),
            password=value("peertube_password"),
        ),
        answer={
            "token_type": "Bearer",
            "expires_in": 14399,
            "refresh_token": "s3cr3t-refresh-peertube",
            "refresh_token_expires_in": 1209599,
        },
        call="peertube.example.com/api/v1/jobs/completed",
        wrong="peertube_password",
        refusal=Refusal(
            "credentials are invalid. Check the credentials of the grant",
            400,
            {"status": 400, "detail": "Invalid grant: user credentials are invalid", "code": "invalid_grant"},
            {"Content-Type": "application/problem+json"},
        ),
    ),
    Platform(
        "Twitch",
        token="id.twitch.tv/oauth2/token",
        form=credentials("twitch_client_id", "twitch_client_secret", **GRANT),
        answer={"expires_in": 5011271, "token_type": "bearer"},
        call=f"api.twitch.tv/helix/streams?user_id={value('twitch_user_id')}",
        headers=TWITCH_HEADERS,
        wrong="twitch_client_secret",
        refusal=TWITCH_REFUSAL,
    ),
    Platform(
        "Twitch",
        block=1,
        token="id.twitch.tv/oauth2/token",
        form=credentials(
            "twitch_client_id",
            "twitch_client_secret",
            grant_type="refresh_token",
            refresh_token=value("twitch_refresh_token"),
        ),
        answer={
            "expires_in": 14124,
            "refresh_token": "s3cr3t-refresh-twitch",
            "scope": ["channel:moderate", "chat:read"],
            "token_type": "bearer",
        },
        call="api.twitch.tv/helix/users",
        headers=TWITCH_HEADERS,
        wrong="twitch_client_secret",
        refusal=TWITCH_REFUSAL,
    ),
    Platform(
        "YouTube",
        token="oauth2.googleapis.com/token",
        form=credentials(
            "youtube_client_id",
            "youtube_client_secret",
            grant_type="refresh_token",
            refresh_token=value("youtube_refresh_token"),
        ),
        answer={"expires_in": 3920, "scope": "https://www.googleapis.com/auth/youtube", "token_type": "Bearer"},
        call="www.googleapis.com/youtube/v3/channels?part=contentDetails&mine=true",
        wrong="youtube_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Google Cloud Transcoder",
        token="oauth2.googleapis.com/token",
        form={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": value("google_assertion")},
        answer={"expires_in": 3599, "token_type": "Bearer"},
        call=f"transcoder.googleapis.com/v1/projects/{value('google_project')}/locations/{value('google_location')}/jobs",
        wrong="google_assertion",
        refusal=Refusal("Check the credentials of the grant", 400, {"error": "invalid_grant"}),
    ),
    Platform(
        "Frame.io",
        token="ims-na1.adobelogin.com/ims/token/v3",
        form=credentials("adobe_client_id", "adobe_client_secret", **GRANT, scope=value("adobe_scopes")),
        answer={"token_type": "bearer", "expires_in": 86399},
        call=f"api.frame.io/v4/accounts/{value('frameio_account')}/projects/{value('frameio_project')}/users",
        wrong="adobe_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Spotify",
        token="accounts.spotify.com/api/token",
        form=GRANT,
        basic=("spotify_client_id", "spotify_client_secret"),
        answer={"token_type": "bearer", "expires_in": 3600},
        call=f"api.spotify.com/v1/tracks/{value('spotify_track')}",
        wrong="spotify_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "SoundCloud",
        token="secure.soundcloud.com/oauth/token",
        form=GRANT,
        basic=("soundcloud_client_id", "soundcloud_client_secret"),
        answer={"expires_in": 3599, "refresh_token": "s3cr3t-refresh-soundcloud"},
        call=f"api.soundcloud.com/tracks?q={value('soundcloud_search')}",
        headers={"Authorization": "OAuth {}"},
        wrong="soundcloud_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Reddit",
        token="www.reddit.com/api/v1/access_token",
        form={
            "grant_type": "password",
            "username": value("reddit_username"),
            "password": value("reddit_password"),
        },
        basic=("reddit_client_id", "reddit_client_secret"),
        answer={"token_type": "bearer", "expires_in": 3600, "scope": "*"},
        call="oauth.reddit.com/api/v1/me",
        headers={
            "Authorization": "Bearer {}",
            "User-Agent": f"ansible:com.example.media:v1.0 (by /u/{value('reddit_username')})",
        },
        wrong="reddit_password",
        refusal=Refusal("HTTP 200: invalid_grant. Check the credentials of the grant", 200, {"error": "invalid_grant"}),
    ),
    Platform(
        "Keycloak",
        token="keycloak.example.com/realms/media/protocol/openid-connect/token",
        form=GRANT,
        basic=("keycloak_client_id", "keycloak_client_secret"),
        # The documentation's lifetime is 60 seconds, so that the test would depend on its own speed.
        answer={"token_type": "Bearer", "expires_in": 3600, "scope": "email profile"},
        call="api.example.com/v1/channels",
        wrong="keycloak_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "Microsoft Entra ID",
        token=f"login.microsoftonline.com/{value('entra_tenant')}/oauth2/v2.0/token",
        form=credentials(
            "entra_client_id", "entra_client_secret", **GRANT, scope="https://graph.microsoft.com/.default"
        ),
        answer={"token_type": "Bearer", "expires_in": 3599},
        call="graph.microsoft.com/v1.0/users",
        wrong="entra_client_secret",
        refusal=Refusal(
            "AADSTS0: wrong. Check client_id, client_secret and client_auth",
            400,
            {"error": "invalid_client", "error_description": "AADSTS0: wrong", "error_codes": [0]},
        ),
    ),
    Platform(
        "Auth0",
        token="example.eu.auth0.com/oauth/token",
        form=credentials("auth0_client_id", "auth0_client_secret", **GRANT, audience="https://api.example.com"),
        answer={"token_type": "Bearer", "expires_in": 86400},
        wrong="auth0_client_secret",
        refusal=INVALID_CLIENT,
    ),
    Platform(
        "JW Player",
        call=f"api.jwplayer.com/v2/sites/{value('jwplayer_site')}/media/",
        headers={"Authorization": f"Bearer {value('jwplayer_secret')}"},
        wrong="jwplayer_secret",
        refusal=UNAUTHORIZED,
    ),
    Platform(
        "Bitmovin",
        call="api.bitmovin.com/v1/encoding/inputs",
        headers={"X-Api-Key": value("bitmovin_api_key")},
        wrong="bitmovin_api_key",
        refusal=UNAUTHORIZED,
    ),
]

#: The documents of OpenID Connect Discovery: issuers with the endpoints that they name.
ISSUERS = {
    "keycloak.example.com/realms/media": {
        "token_endpoint": "keycloak.example.com/realms/media/protocol/openid-connect/token",
        "jwks_uri": "keycloak.example.com/realms/media/protocol/openid-connect/certs",
    }
}
