"""Measures of a date: known in advance, and equal for all entities."""

#: measure -> SQL over `as_of`; sines to the millionth, for machines differ in the last digit.
MEASURES = {
    "year_sine": "round(sin(2 * pi() * dayofyear(as_of) / 365.25), 6)",
    "year_cosine": "round(cos(2 * pi() * dayofyear(as_of) / 365.25), 6)",
    "weekday": "(datediff(as_of, date'1970-01-01') + 3) % 7 + 1",
    "days_to_new_year": "datediff(make_date(year(as_of) + 1, 1, 1), as_of)",
}
#: measures that come back once a year: nothing can be learnt from them before a year was seen.
YEARLY = frozenset({"year_sine", "year_cosine", "days_to_new_year"})
