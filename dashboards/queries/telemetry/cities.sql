-- title: Cities
-- description: The cities of the log, by visitors.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: value | City | text | city
-- column: label | City | text | city
select city as value, city as label from mart.telemetry_activity
where grain = 'month' and category = '' and city <> '' group by city order by sum(users) desc, city
