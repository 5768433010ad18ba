"""A small file from a page without scripts: one form that posts to the store, then a button that hands it in."""
