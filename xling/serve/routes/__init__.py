"""The routes, each a few lines that call a verb."""
