-- title: Populations
-- description: The populations of the latest date.
-- empty: Nobody was scored yet.
-- column: value | Population | text | name of the population
-- column: label | Population | text | name of the population
select distinct population as value, population as label from {scores}
where score_date = (select max(score_date) from {scores}) order by 1
