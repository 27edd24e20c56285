"""The REST API by subject.

Each module's ``ROUTES`` names its paths as Discord's documentation does.
"""
