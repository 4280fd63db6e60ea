"""A real purchase log: who will stop buying. The smallest complete project, the one to copy."""
