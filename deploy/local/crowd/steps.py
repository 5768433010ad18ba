"""Shows long steps: bars on a terminal, plain lines elsewhere, the time that each took in both."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PLAIN_LINE_SECONDS = 10.0
"""How often a long step says where it is when nobody watches a bar."""


class Step:
    """One step under way."""

    def __init__(self, steps: "Steps", title: str) -> None:
        self._steps, self._title = steps, title
        self.started = time.monotonic()
        self._said = self.started
        bar = steps.bars
        self._task = bar.add_task(title, total=None) if bar else None

    def tick(self, done: int, total: int) -> None:
        """Say how far it is."""
        if self._steps.bars and self._task is not None:
            self._steps.bars.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._said > PLAIN_LINE_SECONDS:
            self._said = time.monotonic()
            self._steps.console.print(f"  … {done:,} / {total:,}", highlight=False)

    def end(self, note: str, *, failed: bool) -> None:
        seconds = time.monotonic() - self.started
        if self._steps.bars and self._task is not None:
            self._steps.bars.remove_task(self._task)
        mark = "[red]✗[/]" if failed else "[green]✓[/]"
        self._steps.console.print(
            f"{mark} {self._title}  [dim]{seconds:.1f} s[/]  {note}", highlight=False, soft_wrap=True
        )


class Steps:
    """Use as a context around all steps."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}
        self.bars: Progress | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self.bars = Progress(*columns, console=self.console, transient=True)
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bars:
            self.bars.stop()
            self.bars = None

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[tuple[Step, list[str]]]:
        """A step by name and title; what is put in the list is shown beside it in the end."""
        if not self.bars:
            self.console.print(f"▸ {title}", highlight=False)
        note: list[str] = []
        step = Step(self, title)
        failed = True
        try:
            yield step, note
            failed = False
        finally:
            self.seconds[name] = time.monotonic() - step.started
            step.end(" ".join(note), failed=failed)
