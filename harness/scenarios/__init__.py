"""Scenarios: how load is put on a workload. A module a scenario."""
