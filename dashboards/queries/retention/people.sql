-- title: People at risk
-- description: People of the latest score date, the most likely to leave first, with the reasons of the model and the recommended action.
-- people: yes
-- empty: Nobody matches these filters.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: entity | Person | text | key of the person in the project's data
-- column: population | Population | text | name of the population
-- column: churn_probability | Probability of leaving | share | calibrated probability of leaving before the label matures
-- column: risk_decile | Decile of risk | count | 10 most likely, 1 least likely to leave
-- column: reason_1 | First reason | text | the reason that raises the risk most
-- column: reason_2 | Second reason | text | the second reason
-- column: reason_3 | Third reason | text | the third reason
-- column: recommended_channel | Channel | text | channel of the recommended action
-- column: recommended_offer | Offer | text | offer of the recommended action
select {entity}::text as entity, population, churn_probability, risk_decile, reason_1, reason_2, reason_3,
       recommended_channel, recommended_offer
from {scores}
where score_date = (select max(score_date) from {scores})
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
  and (%(risk_decile)s::text[] is null or risk_decile::text = any (%(risk_decile)s::text[]))
order by churn_probability desc, {entity}
