"""`python -m services.registry`: run the service until it is told to stop."""

from services.registry.app import build
from services.registry.settings import RegistrySettings
from shared.process import run

if __name__ == "__main__":
    run("registry", RegistrySettings, build)
