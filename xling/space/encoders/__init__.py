"""Encoders beside sentence-transformers models, each with its identity in a collection's metadata."""
