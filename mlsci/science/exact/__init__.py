"""Laws of learning in closed form: cases, and the numbers that theory gives for each."""
