"""The words of the project as frozen types. A leaf: imports no other room and nothing heavy."""
