"""The enrollment service: seats in courses, from the asking to the certificate."""
