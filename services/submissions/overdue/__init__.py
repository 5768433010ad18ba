"""What happens when a deadline passes: once for each center that has sent nothing by it."""
