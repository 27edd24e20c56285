"""The use cases, on the ports of `bot.domain`: every rule that isn't pure stands here once."""
