"""Exact costs of discretised sampling for mixtures, in float64: what schedules and samplers are held against."""
