-- Cities of the map. A city of the log that is not among them is listed beside the map.
select city, latitude, longitude from cities
