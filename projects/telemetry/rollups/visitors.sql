-- One row per person: what the person stated last. So a person counts in one group of gender, age, city and child only.
select
  person_id,
  coalesce(max_by(gender, happened_at) filter (where gender is not null), 'unknown') as gender,
  coalesce(max_by(city, happened_at) filter (where city is not null), 'unknown') as city,
  case
    when max_by(age, happened_at) filter (where age is not null) is null then 'unknown'
    when max_by(age, happened_at) filter (where age is not null) < 18 then '0-17'
    when max_by(age, happened_at) filter (where age is not null) < 25 then '18-24'
    when max_by(age, happened_at) filter (where age is not null) < 35 then '25-34'
    when max_by(age, happened_at) filter (where age is not null) < 45 then '35-44'
    when max_by(age, happened_at) filter (where age is not null) < 55 then '45-54'
    else '55+'
  end as age_group,
  case
    when max_by(child_age, happened_at) filter (where child_age is not null) is null then 'no child'
    when max_by(child_age, happened_at) filter (where child_age is not null) < 3 then '0-2'
    when max_by(child_age, happened_at) filter (where child_age is not null) < 7 then '3-6'
    when max_by(child_age, happened_at) filter (where child_age is not null) < 12 then '7-11'
    else '12+'
  end as child_group
from events
group by person_id
