"""What happens around the training loop, each a Lightning callback of its own."""
