"""A small service to ship: it tells who it is and which berths of the harbour are free."""
