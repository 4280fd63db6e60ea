"""What subscribers do: viewing, site, apps, looking at tariffs."""
