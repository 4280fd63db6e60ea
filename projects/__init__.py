"""Projects: what is predicted. One folder each; `load_project` is the only door to them."""

from projects.project import Project, load_project, project_names

__all__ = ["Project", "load_project", "project_names"]
