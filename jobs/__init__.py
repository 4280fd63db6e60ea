"""The entry points: each walks one room, `main` walks all. No logic lives here."""
