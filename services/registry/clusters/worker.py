"""A process that solves provinces: questions on its standard input, answers on its standard output, a JSON line each.

It knows no server and no secret. It ends when its input does, so that it never outlives the service that started it.
"""

import json
import os
import queue
import resource
import sys
import threading
import time
from typing import Any, TextIO

MOST_MEMORY = 4 * 1024**3
"""Bytes of address space; the largest province takes a tenth of it."""


def main() -> None:
    """Answer questions until the input ends."""
    os.nice(5)  # the service's own requests come first
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the solver greets on the standard output
    questions: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(questions,), daemon=True).start()
    from services.registry.clusters.task import Task, work

    while True:
        task = Task.model_validate_json(questions.get())
        began, best = time.process_time(), None
        try:
            for best in work(task):
                _say(answers, {"found": best.model_dump(mode="json")})
        except Exception as error:  # noqa: BLE001 - the service decides what a failed question means
            _say(answers, {"failed": type(error).__name__})
            continue
        _say(answers, {"done": True, "cpu_seconds": round(time.process_time() - began, 3)})


def _read(questions: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        questions.put(line)
    os._exit(0)


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
