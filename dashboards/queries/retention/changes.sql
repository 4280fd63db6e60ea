-- title: Changes since the date before
-- description: People of the latest date compared with the score date before it: who entered or left the riskiest tenth.
-- empty: There is only one score date so far, so nothing can be compared.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: before_date | Date before | date | the score date before the latest one
-- column: population | Population | text | name of the population
-- column: people | People now | count | people scored on the latest date
-- column: people_before | People before | count | people scored on the date before
-- column: entered | Entered decile 10 | count | in decile 10 now, and not on the date before
-- column: departed | Left decile 10 | count | in decile 10 on the date before, and not now
-- column: mean_change | Change of mean | points | mean probability now minus the mean on the date before
with days as (
  select max(score_date) as day, (select max(score_date) from {scores}
    where score_date < (select max(score_date) from {scores})) as before from {scores}
), pairs as (
  select coalesce(a.population, b.population) as population, a.churn_probability as p, b.churn_probability as before_p,
         coalesce(a.risk_decile = 10, false) as is_top, coalesce(b.risk_decile = 10, false) as was_top
  from (select s.* from {scores} s, days where s.score_date = days.day) a
  full join (select s.* from {scores} s, days where s.score_date = days.before) b using ({entity}, population)
)
select (select before from days) as before_date, population, count(p) as people, count(before_p) as people_before,
       count(*) filter (where is_top and not was_top) as entered,
       count(*) filter (where was_top and not is_top) as departed, avg(p) - avg(before_p) as mean_change
from pairs
where (select before from days) is not null
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
group by population order by population
