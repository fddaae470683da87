"""The Python microservice chassis: what every service needs and no business word in it."""
