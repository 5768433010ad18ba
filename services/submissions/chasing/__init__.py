"""Who owes a report and where each stands: lists for those who have to chase."""
