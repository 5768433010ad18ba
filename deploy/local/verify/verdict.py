"""What a reconciliation says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHOWN = 20


@dataclass
class Check:
    """One question: `expected` and `found` count the same things, `gaps` names what is missing."""

    name: str
    thai: str
    expected: int = 0
    found: int = 0
    gaps: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.gaps and self.expected == self.found

    def expect(self, present: bool, gap: str) -> None:
        """Count one thing that must be there; name it if it is not."""
        self.expected += 1
        if present:
            self.found += 1
        else:
            self.gaps.append(gap)


@dataclass(frozen=True)
class Verdict:
    """Every check, in order."""

    checks: Sequence[Check]

    @property
    def clean(self) -> bool:
        return all(check.clean for check in self.checks)
