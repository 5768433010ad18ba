"""k-means with sizes 3 to 4 for each province. Runs in .venv-bench alone: points in, labels out, as JSON."""

import json
import sys
import time

from k_means_constrained import KMeansConstrained

STARTS = 10
"""The library's own default."""


def main() -> None:
    """Read `[[[x, y], …], …]` in km; write the labels of each province and the processor time of all."""
    began, labels = time.process_time(), []
    for points in json.load(sys.stdin):
        if len(points) <= 5:  # one cluster, or none that keeps the sizes; the library takes no fewer than six
            labels.append([0] * len(points))
            continue
        clusters = KMeansConstrained(
            n_clusters=len(points) // 3, size_min=3, size_max=4, n_init=STARTS, random_state=0, n_jobs=1
        )
        labels.append([int(label) for label in clusters.fit_predict(points)])
        sys.stderr.write(f"{len(labels)}\n")
    json.dump({"labels": labels, "cpu_seconds": time.process_time() - began}, sys.stdout)


if __name__ == "__main__":
    main()
