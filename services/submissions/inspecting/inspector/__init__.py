"""The inspector: a process of its own that looks into strangers' PDFs with nothing in its hands.

It imports neither settings nor servers, is started with an empty environment, and gives up the network, the
file system and its privileges before the first file arrives. Run as `python -I -m
services.submissions.inspecting.inspector`.
"""
