"""Ways to make the two summaries of a reading."""
