"""Beside the file: how a center rates itself by the round's framework; used without reading PDFs."""
