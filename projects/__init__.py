"""Projects: one folder per prediction problem. Other rooms reach them through `load_project` only."""

from projects.project import Project, load_project, project_names

__all__ = ["Project", "load_project", "project_names"]
