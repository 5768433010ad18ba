"""A sealed credential does not wait for ever: with its round, or after so many days, it ends."""
