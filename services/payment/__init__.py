"""The payment service: charges for enrollments, and gives the money back."""
