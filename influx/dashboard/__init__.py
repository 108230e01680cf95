"""The dashboard: the newest run folder as a page of five parts, with the report's tables, texts and plots.

`notebooks/dashboard.ipynb` puts the page together: `week.open_report` reads a run folder, each function of `parts`
makes a widget of it, and `app.page` shows them below one heading. `server` is Voilà for that notebook behind an access
policy. What is shown was computed by `make report`; what follows from a changed control is computed from its frames.
"""
