"""What an integration may be: its type, the options that hold the secret, the metadata that does not (ENDPOINTS 10).

Pure. A message never repeats a value: what is wrong with a secret is said by its name.
"""

from __future__ import annotations

from typing import Any

from faas_agent.errors import BadRequest

TYPES = (
    *("key_value", "private-registry", "s3", "s3-api", "gcs", "azureblob", "mongo", "fs", "aws-sts", "aws-cross"),
    *("gcp-cross", "gcp-workload-identity-federation", "nfs", "hostPath", "blob", "pvc"),
)
METADATA = ("provider", "server", "path", "type", "readOnly", "authMethod", "endpoint", "region", "account", "location")
LONGEST_NAME = 255


def check_name(name: object) -> str:
    """A text that is not empty."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise BadRequest(f"name: an integration needs one, of at most {LONGEST_NAME} characters")
    return name


def check_type(kind: object) -> str:
    """One of the types."""
    if kind not in TYPES:
        raise BadRequest(f"type: one of {', '.join(TYPES)}")
    return str(kind)


def check_options(kind: str, options: object) -> dict[str, Any]:
    """What is kept as the secret. ``key_value`` needs a key and a value; the other types take what they are given."""
    if not isinstance(options, dict):
        raise BadRequest("options: an object with the secret values is needed")
    if kind == "key_value" and not all(isinstance(options.get(name), str) for name in ("key", "value")):
        raise BadRequest("options: an integration of type key_value has a 'key' and a 'value', both texts")
    return options


def check_metadata(metadata: object) -> list[dict[str, Any]]:
    """As sent, an object or a list of ``{name, value}``; as kept, the list."""
    if metadata is None:
        return []
    pairs = [{"name": name, "value": metadata[name]} for name in metadata] if isinstance(metadata, dict) else metadata
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) and "value" in pair for pair in pairs):
        raise BadRequest("metadata: an object, or a list of objects with name and value")
    for pair in pairs:
        if pair.get("name") not in METADATA:
            raise BadRequest(f"metadata: {str(pair.get('name'))[:60]!r} is not known, only {', '.join(METADATA)} are")
    return [{"name": pair["name"], "value": pair["value"]} for pair in pairs]
