"""CDNOW, a real purchase log: which customers will stop buying. It is the smallest project: copy it for a new one."""
