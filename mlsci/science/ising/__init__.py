"""The two-dimensional Ising model: H = -Σ s_i s_j over neighbours on a square torus, J = k_B = 1, no field."""
