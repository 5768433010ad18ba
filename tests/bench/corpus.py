"""Runs the real inspection over folders of PDFs: `make corpus ARGS="DIR [--list] [--repaired]"`.

Each folder in DIR is one source. Every file in it goes through the confined inspector as a report would, and the copy
of a sound one goes through it again. The limits are twice those of the service, so that a file which takes more is
measured and not cut off. Every file is then searched in another way, with repairs on and byte by byte, for names of
what acts: those that hold one and were not sent back for it are listed. With `--repaired` files that cannot be read are
repaired by qpdf first: many of those made to attack somebody have broken tables. Exit code 1 if a file ended the
inspector's child by a signal, stalled it, took more than the service allows, or was active and passed.
"""

import argparse
import asyncio
import io
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
from rich.console import Console
from rich.table import Table

from services.submissions.inspecting.findings import Finding
from services.submissions.inspecting.inspector.confine import Limits
from services.submissions.inspecting.room import InspectionRoom, Used, report_file, seal
from services.submissions.inspecting.verdicts import Clean, Stalled, Verdict
from tests.bench.searching import Search

WALL = 60.0
SUFFIXES = {".pdf", ".svg"}
OF_ACTIVE = frozenset(
    {"launch_action", "javascript", "xfa_form", "embedded_file", "remote_content", "multimedia", "malware"}
)
"""Findings that say: this file acts, reaches out or carries something along."""
UNREAD = frozenset({"not_pdf", "encrypted", "unreadable", "no_pages", "too_complex"})
"""Findings that say: nobody could look into it."""


@dataclass(frozen=True)
class Looked:
    """One file, what was said of it and of its copy, and the most that either look took."""

    path: Path
    verdict: Verdict
    copy: Verdict | None
    cpu: float
    peak: int
    signals: tuple[int, ...] = ()
    active: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        match self.verdict:
            case Finding(code=code):
                return code
            case Clean(seen=seen):
                return "noted" if seen.notes else "clean"
            case Stalled():
                return "stalled"

    @property
    def kind(self) -> str:
        """What became of it, coarsely."""
        if self.word in OF_ACTIVE:
            return "sent back as active"
        if self.word in UNREAD:
            return "sent back unread"
        return "sound" if isinstance(self.verdict, Clean) else f"sent back, {self.word}"

    @property
    def unnamed(self) -> bool:
        """Whether it holds something active that its verdict does not speak of."""
        return bool(self.active) and self.word not in OF_ACTIVE

    @property
    def wrong(self) -> str | None:
        """What no file may do to us."""
        if self.signals:
            return f"it ended the child by {', '.join(signal.Signals(one).name for one in self.signals)}"
        if isinstance(self.verdict, Stalled):
            return "it came to no end"
        if self.active and isinstance(self.verdict, Clean):
            return f"it passed and holds {', '.join(self.active)}"
        if isinstance(self.verdict, Clean):
            if not isinstance(self.copy, Clean):
                return f"its copy is {self.copy}"
            if set(self.copy.seen.notes) - {"form"} or self.copy.seen.pages != self.verdict.seen.pages:
                return f"its copy holds {self.copy.seen}"
        return None


@dataclass
class Inspected:
    """All files of one source."""

    name: str
    files: list[Looked] = field(default_factory=list)

    def over(self, seconds: float, peak: int) -> list[Looked]:
        return [one for one in self.files if one.cpu > seconds or one.peak > peak]


async def look(room: InspectionRoom, used: list[Used], search: Search, path: Path, data: bytes) -> Looked:
    used.clear()
    with report_file() as file, report_file() as copied:
        file.write(data)
        seal(file)
        verdict = await room.inspect(file.fileno(), copied.fileno())
        again: Verdict | None = None
        if isinstance(verdict, Clean):
            seal(copied)
            again = await room.inspect(copied.fileno())
    cpu, peak = max(one.cpu for one in used), max(one.peak for one in used)
    # A stalled child was killed, by us or by the machine: that is another fault.
    signals = () if isinstance(verdict, Stalled) else tuple(one.signal for one in used if one.signal)
    return Looked(path, verdict, again, cpu, peak, signals, search.names(data))


def repaired(data: bytes) -> bytes | None:
    """The file as qpdf would mend it, or None."""
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pdf.save(out, preserve_pdfa=False, fix_metadata_version=False)
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return None
    return out.getvalue()


def sources(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    for source in sorted(one for one in folder.iterdir() if one.is_dir()):
        files = sorted(one for one in source.rglob("*") if one.is_file() and one.suffix.lower() in SUFFIXES)
        if files:
            yield source.name, files


async def inspect(folder: Path, limits: Limits, console: Console, *, mend: bool) -> list[Inspected]:
    used: list[Used] = []
    found = []
    search = Search()
    async with AsyncExitStack() as ending:
        ending.callback(search.close)
        room = await ending.enter_async_context(InspectionRoom(limits, size=1, ended=used.append))
        for name, files in sources(folder):
            source, mended, said = Inspected(name), Inspected(f"{name}, repaired"), time.monotonic()
            for number, path in enumerate(files, 1):
                data = path.read_bytes()
                looked = await look(room, used, search, path, data)
                source.files.append(looked)
                if mend and looked.word == "unreadable" and (other := repaired(data)):
                    mended.files.append(await look(room, used, search, path, other))
                if time.monotonic() - said > 5:
                    said = time.monotonic()
                    console.print(f"  {name}: {number} of {len(files)}")
            found += [source, mended] if mended.files else [source]
    return found


def table(found: list[Inspected]) -> Table:
    made = Table("", *(source.name for source in found), title="What the inspection said, by source")
    counts = [Counter(one.word for one in source.files) for source in found]
    made.add_row("files", *(str(len(source.files)) for source in found), end_section=True)
    for word, _ in sum(counts, Counter[str]()).most_common():
        made.add_row(word, *(str(count[word] or "") for count in counts))
    made.add_section()
    kinds = [Counter(one.kind for one in source.files) for source in found]
    for kind in sorted(sum(kinds, Counter[str]())):
        made.add_row(kind, *(str(count[kind] or "") for count in kinds))
    made.add_section()
    held = [Counter(one.kind for one in source.files if one.active) for source in found]
    made.add_row("hold a name of what acts", *(str(count.total()) for count in held))
    for kind in sorted(sum(held, Counter[str]())):
        made.add_row(f"  {kind}", *(str(count[kind] or "") for count in held))
    made.add_section()
    made.add_row("ended by a signal", *(str(sum(bool(one.signals) for one in source.files)) for source in found))
    made.add_row("longest, s", *(f"{max(one.cpu for one in source.files):.2f}" for source in found))
    made.add_row("most memory, MB", *(f"{max(one.peak for one in source.files) / 1e6:.0f}" for source in found))
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit-mb", type=int, default=512)
    parser.add_argument("--limit-s", type=int, default=5)
    parser.add_argument("--list", action="store_true", help="say what came of each file")
    parser.add_argument("--repaired", action="store_true", help="look once more at unreadable files, mended by qpdf")
    chosen = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200, soft_wrap=True, highlight=False)
    limits = Limits(chosen.limit_mb << 21, chosen.limit_s * 2, WALL)
    found = asyncio.run(inspect(chosen.folder, limits, console, mend=chosen.repaired))
    every = [(source, one) for source in found for one in source.files]
    if chosen.list:
        for source, one in every:
            notes = ", ".join(one.verdict.seen.notes) if isinstance(one.verdict, Clean) else ""
            console.print(f"{source.name}: {one.path.relative_to(chosen.folder)}: {one.word} {notes}")
    console.print(table(found))
    if unnamed := [(source, one) for source, one in every if one.unnamed]:
        console.print("They hold a name of what acts, and their verdict speaks of something else:")
    for source, one in unnamed:
        named = ", ".join(one.active)
        console.print(f"  {source.name}: {one.path.relative_to(chosen.folder)}: {one.word}; {named}")
    faults = [f"{one.path}: {one.wrong}" for _, one in every if one.wrong]
    faults += [
        f"{one.path}: {one.cpu:.1f} s, {one.peak >> 20} MiB"
        for source in found
        for one in source.over(chosen.limit_s, chosen.limit_mb << 20)
    ]
    for fault in faults:
        console.print(f"[red]✗[/] {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
