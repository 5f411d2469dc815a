"""The child: one trial in, events out. Light: no pandas, no jinja2, nothing heavy before the workload asks for it."""
