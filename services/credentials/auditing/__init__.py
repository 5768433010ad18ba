"""The trail to its readers: what was done about a holder and why, who stands behind a reference, anchors, retention."""
