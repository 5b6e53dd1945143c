"""Studies: many small fits that together measure what theory has an exact answer for."""
