-- title: Categories
-- description: The categories of the log.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: value | Category | text | category of goods
-- column: label | Category | text | category of goods
select category as value, category as label from mart.telemetry_activity
where grain = 'month' and city = '' and category <> '' group by category order by sum(revenue) desc
