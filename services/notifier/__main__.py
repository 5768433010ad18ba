"""`python -m services.notifier`: run the service until it is told to stop."""

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.process import run

if __name__ == "__main__":
    run("notifier", NotifierSettings, build)
