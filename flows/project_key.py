"""A name for one project and root, short and safe for folders, limits and tags: the two together are what is kept."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from lineage_core.settings import Settings

_LONGEST = 60


def project_key(settings: Settings) -> str:
    """The project's name as far as it is harmless, and a digest that tells it from every other project and root."""
    name = re.sub(r"[^\w.-]", "_", settings.project)[:_LONGEST]
    identity = f"{settings.project}\0{absolute(settings.root)}"
    return f"{name}-{hashlib.sha256(identity.encode(errors='surrogateescape')).hexdigest()[:8]}"
