"""Laws of random functions and the equations that map one function to another, for operator learning."""
