-- title: Runs of steps
-- description: The last 50 runs with their duration and outcome.
-- empty: No step of this project has run yet.
-- column: started_at | Start | moment | time of the start
-- column: step | Step | text | entry point
-- column: outcome | Outcome | text | done, failed, or running (also killed)
-- column: seconds | Seconds | seconds | duration
-- column: rows_in | Rows in | count | rows that the step read
-- column: rows_out | Rows out | count | rows that the step wrote
-- column: quarantined | Quarantined | count | rows that the step refused
-- column: message | Message | text | the reason of a failure
select started_at, step, outcome, extract(epoch from finished_at - started_at)::double precision as seconds, rows_in,
       rows_out, quarantined, message
from ops.runs where project = %(project)s order by started_at desc limit 50
