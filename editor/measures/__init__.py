"""What the reward does not contain: how near a way of cutting comes to professional editing."""
