"""The table of settings, drawn from the code: `python -m tests.contract.settings_table` writes docs/settings.md."""

from pathlib import Path

from pydantic.fields import FieldInfo

from services.credentials.settings import CredentialsSettings
from services.notifier.settings import NotifierSettings
from services.registry.settings import RegistrySettings
from services.submissions.settings import SubmissionsSettings
from shared.settings import PREFIX, CoreSettings

FILE = Path(__file__).parents[2] / "docs" / "settings.md"
SERVICES: dict[str, type[CoreSettings]] = {
    "registry": RegistrySettings,
    "credentials": CredentialsSettings,
    "submissions": SubmissionsSettings,
    "notifier": NotifierSettings,
}
HEAD = """# Settings

Every process reads its settings from the environment, with the prefix `SARABAN_`. A missing or bad value stops the
start with one plain line that names the variable, never its value. The local stack sets what it needs by itself; a
server that you name (`SARABAN_KAFKA_BOOTSTRAP`, `SARABAN_MONGO_URL`, `SARABAN_S3_ENDPOINT`, `SARABAN_OIDC_ISSUER`,
`SARABAN_SMTP_URL`, `SARABAN_CLAMAV_URL`) is used and none is started in its place; a virus scanner is never started.

This page is drawn from the code: `python -m tests.contract.settings_table`.
"""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    shown = field.get_default()
    if isinstance(shown, frozenset):
        return f"`{','.join(sorted(shown))}`"
    return "" if shown is None or not str(shown) else f"`{shown}`"


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or CoreSettings.model_fields[name].description or "").split())
    return f"| `{PREFIX}{name.upper()}` | {_default(field)} | {meaning} |"


def _table(fields: dict[str, FieldInfo]) -> str:
    rows = [_row(name, field) for name, field in fields.items()]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows]) + "\n"


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Every service\n", _table(CoreSettings.model_fields)]
    for name, settings in SERVICES.items():
        core = CoreSettings.model_fields
        own = {k: f for k, f in settings.model_fields.items() if k not in core or f.default != core[k].default}
        parts += [f"## {name}\n", _table(own)]
    return "\n".join(parts)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
