-- title: Channels
-- description: Channels that are recommended on the latest date.
-- empty: Nobody was scored yet.
-- column: value | Channel | text | recommended channel
-- column: label | Channel | text | recommended channel
select distinct coalesce(recommended_channel, 'no action') as value, coalesce(recommended_channel, 'no action') as label
from {scores} where score_date = (select max(score_date) from {scores}) order by 1
