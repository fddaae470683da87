"""What the user service does."""
