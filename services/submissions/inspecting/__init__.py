"""How strangers' files are looked into, and what may be said of them."""
