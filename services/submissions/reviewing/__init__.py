"""What ONESQA says of a report: accepted, or returned with reasons."""
