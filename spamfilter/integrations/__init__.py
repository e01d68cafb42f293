"""One module a platform: payload -> message, verdict -> action."""
