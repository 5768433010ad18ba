"""Settings of the registry."""

from pydantic import Field

from shared.settings import CoreSettings


class RegistrySettings(CoreSettings):
    """What every service needs, on the registry's port."""

    http_port: int = Field(8081, ge=0, le=65535)
    cluster_workers: int = Field(0, ge=0, le=64)
    """Processes that make clusters side by side; 0: as many as there are processors."""

    @property
    def papers(self) -> str:
        """The bucket of rounds' documents and snapshots."""
        return f"{self.namespace}-papers"
