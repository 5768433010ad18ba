"""The plain record that dashboards follow: one per round, center and stage, without personal data."""

from typing import Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict

Stage = Literal["obligation", "credential", "submission", "notice"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class StageChanged(BaseModel):
    """Where a center stands in one stage of a round.

    `state` by stage: obligation `owed` or `released`; credential `sealed`, `claimed`, `confirmed`, `locked`,
    `waiting` (for another secret), `revoked` or `expired` (never claimed in time);
    submission `awaited` (nothing came by its time), `uploading`, `received`, `accepted` or `rejected` by the inspection
    of the file, `returned` or `approved` by ONESQA; notice `issued`, `delivered` or `bounced`.
    `since` is when the state began. `late` is true once the stage missed its deadline.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    round: str
    center: str
    stage: Stage
    state: str
    since: AwareDatetime
    late: bool = False
    path: tuple[str, ...]

    @property
    def key(self) -> str:
        """The record's key on the topic: `round/center/stage`."""
        return f"{self.round}/{self.center}/{self.stage}"
