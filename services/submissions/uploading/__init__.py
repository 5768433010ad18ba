"""How a file gets here: opened, sent part by part, completed, and what a sweeper does where somebody gave up."""
