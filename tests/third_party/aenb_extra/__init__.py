"""What a package outside of aenb adds to it."""
