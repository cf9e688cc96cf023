"""Model families: one file a family, found by the registry."""
