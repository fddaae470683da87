"""What the payment service does."""
