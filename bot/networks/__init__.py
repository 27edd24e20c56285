"""The networks a group lives on. They don't know each other."""
