"""The Discord network: the client, how things look there, and how posts get there."""
