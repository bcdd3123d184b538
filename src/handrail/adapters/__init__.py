"""What Handrail calls: stores, channels, systems of others. Only the wiring knows them."""
