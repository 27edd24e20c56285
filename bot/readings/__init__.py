"""What is read: a group's session pages, in and out, and the text of a reading."""
