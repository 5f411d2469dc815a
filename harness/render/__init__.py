"""From a ReportView to text: HTML by a theme, terminal, Markdown, CSV, JSON, JUnit. No figure is computed here."""
