"""What the world is told of a cluster."""

from services.registry.clusters.cluster import Cluster
from shared.contracts.events import ClusterChanged


def cluster_changed(cluster: Cluster) -> ClusterChanged:
    """Key: `round/cluster`."""
    return ClusterChanged(
        round=cluster.round,
        cluster=cluster.cluster,
        path=cluster.path,
        members=cluster.members,
        pinned=cluster.pinned,
        span_km=cluster.span_km,
        reasons=tuple(reason.value for reason in cluster.reasons),
        exception=cluster.exception,
        visited=cluster.visited_at is not None,
        state=cluster.state,
    )
