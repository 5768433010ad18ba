"""All that one service knows of another: topics, event data, status records, and their schemas."""
