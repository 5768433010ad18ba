"""What one may look at: lists, searches and exports, each within the branch of the one who asks."""
