"""For a vendor at their board: logs of other tools as anchors, what the board tells, calibration and verification.

Everything that is run goes through ``harness.api``; what is found is written into a profile file, comments kept.
"""
