"""Warnings that are rules now: their codes are gone, and never used again."""

from __future__ import annotations

from collections.abc import Mapping

#: The code that each of them has now.
RETIRED: Mapping[str, str] = {"W201": "L404", "W202": "L140", "W301": "L405", "W418": "L141", "W470": "L142"}
