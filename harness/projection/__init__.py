"""Projects what was measured on a host onto devices that are not there: a median and a 90 % interval, or why not.

Pure functions on plain data; the library of published times and its prior lie in ``data``. What accuracy to expect is
measured by ``make validate-projection`` and told in docs/projection-accuracy.md.
"""
