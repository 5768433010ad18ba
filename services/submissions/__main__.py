"""`python -m services.submissions`: run the service until it is told to stop."""

from services.submissions.app import build
from services.submissions.settings import SubmissionsSettings
from shared.process import run

if __name__ == "__main__":
    run("submissions", SubmissionsSettings, build)
