-- title: Ages
-- description: The age groups of the log.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: value | Age | text | years
-- column: label | Age | text | years
select distinct age_group as value, age_group as label from mart.telemetry_activity
where grain = 'month' and category = '' and city = '' order by 1
