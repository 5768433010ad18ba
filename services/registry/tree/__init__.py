"""The tree over time: what organizations and centers were, and the orders that change them."""
