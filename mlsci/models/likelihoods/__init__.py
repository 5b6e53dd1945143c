"""What a decoder's outputs say of the data: one distribution a file, each with log_prob, mean and sample."""
