"""What lies under which master key, and whether an old one can go."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.mongo.sealing import Vault


@dataclass(frozen=True)
class MasterState:
    """Names of master keys, as `Vault` tells them: they hold no secret. `keys` counts the data keys under each."""

    current: str
    also: tuple[str, ...]
    keys: Mapping[str, int]
    keyring: str

    @property
    def waiting(self) -> int:
        """How many keys, the keyring's among them, rotation has yet to move."""
        return sum(self.keys.get(name, 0) for name in self.also) + (self.keyring in self.also)

    @property
    def removable(self) -> tuple[str, ...]:
        """Other master keys under which nothing lies: they can be taken out of SARABAN_MASTER_KEY_ALSO."""
        return tuple(name for name in self.also if not self.keys.get(name) and self.keyring != name)

    @property
    def strange(self) -> tuple[str, ...]:
        """Master keys that no setting names and under which something lies: it opens nowhere."""
        named = {self.current, *self.also}
        return tuple(sorted({name for name, count in {**self.keys, self.keyring: 1}.items() if count} - named))


async def read_state(vault: Vault) -> MasterState:
    """As it is now. Raises what the vault, its shelf and the database raise."""
    return MasterState(vault.master, vault.also, dict(await vault.wrapped()), await vault.keyring_under())
