"""An online shop's event log: which visitors will not return, and the rollups that the pages of the shop query."""
