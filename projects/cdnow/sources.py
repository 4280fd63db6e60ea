"""The only source: all purchases of the customers who first bought in the first quarter of 1997."""

from lake import Column, Source

PURCHASES = Source(
    name="purchases",
    files="purchases*.csv*",
    entity="customer_id",
    event_time="date",
    columns=(
        Column("customer_id", "bigint", "the customer", lowest=1),
        Column("date", "date", "day of the purchase"),
        Column("n_cds", "bigint", "discs bought", lowest=1),
        Column("value", "double", "dollars paid; 80 purchases are worth 0", lowest=0),
    ),
    # The log has no purchase number. 255 rows equal another row in every column; they count as
    # separate purchases, as in the published studies of this log.
    key=None,
)
