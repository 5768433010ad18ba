"""No query escapes its explain: each store of each service is named by a test that asks all that it can answer."""

from pathlib import Path

from tests.integration.credentials import test_queries as credentials
from tests.integration.notifier import test_notifier_queries as notifier
from tests.integration.registry import test_clusters as clusters
from tests.integration.registry import test_due as due
from tests.integration.registry import test_queries as registry
from tests.integration.registry import test_tree_queries as tree
from tests.integration.registry.reading import test_queries as reading
from tests.integration.submissions import test_queries_after as submissions

ROOT = Path(__file__).parents[2]


def test_every_store_is_asked_everything_by_a_test_that_explains():
    asking = (credentials, notifier, registry, tree, reading, clusters, due, submissions)
    asked = {store for test in asking for store in test.STORES if store.startswith("services.")}
    stores = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "services").rglob("*.py")
        if file.stem == "store" or file.stem.endswith("_store") or file.stem == "knowledge"
    }
    assert asked == stores
