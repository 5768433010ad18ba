"""`python -m services.credentials`: run the service until it is told to stop."""

from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from shared.process import run

if __name__ == "__main__":
    run("credentials", CredentialsSettings, build)
