-- title: Prices of the constraints
-- description: What one more unit of each constraint of the latest plan would have won. A constraint that is not used up has the price 0.
-- empty: No plan was made with a policy yet, so no constraint has a price.
-- missing: This project declares no actions, so it has no campaigns (docs/actions.md).
-- column: score_date | Date of the plan | date | date of the plan
-- column: constraint_name | Constraint | text | budget, or capacity of a channel or offer
-- column: used | Used | number | units used by the plan
-- column: allowed | Allowed | number | units allowed
-- column: share | Share used | share | used / allowed
-- column: price | Price of one more unit | number | gain of one more unit, in the plan's currency
select score_date, constraint_name, used, allowed, used / nullif(allowed, 0) as share, price
from ops.constraint_prices
where project = %(project)s
  and score_date = (select max(score_date) from ops.constraint_prices where project = %(project)s)
order by price desc, constraint_name
