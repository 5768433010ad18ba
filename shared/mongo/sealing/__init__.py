"""Secrets sealed before they reach the database: explicit client-side field encryption, one data key per holder.

A seal holds the secret together with a label that says whose it is, and opening checks the label: a seal moved to
another record does not open there. It has two locks. The inner one's key lies outside the database (`halves`), the
outer one's in it, wrapped by the master key (`masters`). Erasing a holder destroys both: every seal of that holder,
wherever a copy lies and whatever copy of the database comes back, stays shut.
"""

from shared.mongo.sealing.crypt import Label, SealBroken, ToSeal
from shared.mongo.sealing.halves import KeyringMissing
from shared.mongo.sealing.kms import KmsUnavailable
from shared.mongo.sealing.masters import (
    Access,
    BadMasterKeyError,
    MasterKey,
    MasterKeys,
    local,
    local_key,
)
from shared.mongo.sealing.providers import Provider, read_master_keys
from shared.mongo.sealing.vault import KEY_SECONDS, Vault, WrongMasterKey

__all__ = [
    "KEY_SECONDS",
    "Access",
    "BadMasterKeyError",
    "KeyringMissing",
    "KmsUnavailable",
    "Label",
    "MasterKey",
    "MasterKeys",
    "Provider",
    "SealBroken",
    "ToSeal",
    "Vault",
    "WrongMasterKey",
    "local",
    "local_key",
    "read_master_keys",
]
