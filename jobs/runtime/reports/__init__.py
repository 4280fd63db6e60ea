"""What steps write for readers: the small tables of the dashboards."""
