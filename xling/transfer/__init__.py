"""Collections from place to place and from model to model: export, import, re-embedding."""
