"""The gateway: JSON over HTTP for people and pages, in front of the services' RPCs. It owns nothing."""
