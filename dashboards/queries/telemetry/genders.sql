-- title: Genders
-- description: The genders of the log.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: value | Gender | text | gender
-- column: label | Gender | text | gender
select distinct gender as value, gender as label from mart.telemetry_activity
where grain = 'month' and category = '' and city = '' order by 1
