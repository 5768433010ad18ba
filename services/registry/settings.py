"""Settings of the registry."""

from pydantic import Field

from shared.settings import AnchoringSettings


class RegistrySettings(AnchoringSettings):
    """What every service needs, on the registry's port."""

    http_port: int = Field(8081, ge=0, le=65535)
    cluster_workers: int = Field(0, ge=0, le=64)
    """Processes that make clusters side by side; 0: as many as there are processors."""
    roll_loss_share: float = Field(0.05, ge=0, le=1)
    """The share of a round's roll that one person's import may take off it; more needs a second person."""

    @property
    def papers(self) -> str:
        """The bucket of rounds' documents and snapshots."""
        return f"{self.namespace}-papers"

    @property
    def waiting_rolls(self) -> str:
        """The bucket of rolls that wait for a second person. It keeps no versions."""
        return f"{self.namespace}-waiting-rolls"
