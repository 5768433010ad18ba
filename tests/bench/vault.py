"""What is promised of the vault, measured one after the other: `python -m tests.bench.vault [--small]`.

Exit code 1 when one of the benches fails. `--small` only shows that they run: its figures promise nothing.
"""

import subprocess
import sys
import time

from rich.console import Console

BENCHES = {"claiming": "2", "telling": "300", "trail": "60000", "sealing": "300"}
"""By name, how large a small one is."""


def main(*, small: bool) -> int:
    """Run them all, whatever becomes of one; how many failed."""
    console, failed = Console(width=130), []
    for name, size in BENCHES.items():
        console.rule(name, align="left")
        began = time.perf_counter()
        command = [sys.executable, "-m", f"tests.bench.{name}", *([size] if small else [])]
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(name)
        console.print(f"{name}: {'failed' if name in failed else 'passed'} in {time.perf_counter() - began:.0f} s")
    console.rule(f"failed: {', '.join(failed)}" if failed else "all passed", align="left")
    return len(failed)


if __name__ == "__main__":
    sys.exit(1 if main(small="--small" in sys.argv[1:]) else 0)
