-- Purchases by value: value_from is the lower end of a range of values.
with cells as (
  select
    to_date(date_trunc('month', p.day)) as month,
    p.category,
    v.city,
    v.gender,
    v.age_group,
    case
      when p.value < 500 then 0 when p.value < 1000 then 500 when p.value < 2000 then 1000 when p.value < 3000 then 2000
      when p.value < 5000 then 3000 when p.value < 10000 then 5000 when p.value < 20000 then 10000 else 20000
    end as value_from,
    count(*) as orders,
    sum(int(p.is_outlier)) as outliers
  from purchases as p
  join visitors as v on p.person_id = v.person_id
  group by
    to_date(date_trunc('month', p.day)), p.category, v.city, v.gender, v.age_group,
    case
      when p.value < 500 then 0 when p.value < 1000 then 500 when p.value < 2000 then 1000 when p.value < 3000 then 2000
      when p.value < 5000 then 3000 when p.value < 10000 then 5000 when p.value < 20000 then 10000 else 20000
    end
)
select month, category, city, gender, age_group, value_from, orders, outliers from cells
union all
select
  month, category, '' as city, gender, age_group, value_from, sum(orders) as orders, sum(outliers) as outliers
from cells
group by month, category, gender, age_group, value_from
