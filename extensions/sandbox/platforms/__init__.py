# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated platforms."""

from __future__ import annotations

from .audienceplayer import AudiencePlayer
from .base import Platform
from .consul import Consul
from .flex import Flex
from .freewheel import FreeWheel
from .movingimage import MovingImage
from .oauth2 import OAuth2
from .playlyfe import Playlyfe

PLATFORMS: tuple[type[Platform], ...] = (Flex, FreeWheel, AudiencePlayer, MovingImage, OAuth2, Playlyfe, Consul)
