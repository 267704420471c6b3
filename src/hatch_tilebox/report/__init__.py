"""Reports about releases and runs: self-contained HTML, Markdown, Mermaid and JSON. No module here runs code of a release."""
