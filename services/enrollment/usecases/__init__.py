"""What the enrollment service does."""
