"""Units of molecular dynamics: eV, Å, fs, u, K; the constants are those of CODATA 2022."""

BOLTZMANN = 1.380649e-23 / 1.602176634e-19  # eV/K; both exact since 2019
ACCELERATION = 1.602176634e-19 / 1.66053906892e-27 * 1e-10  # 1 eV/Å on 1 u, in Å/fs²: 9.6485e-3
WAVENUMBER = 1 / (299792458 * 1e-13)  # 1/fs in cm⁻¹: 33356.4
