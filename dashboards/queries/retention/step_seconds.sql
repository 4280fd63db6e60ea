-- title: Seconds of each step
-- description: Duration of the last completed run of each step.
-- empty: No step of this project has ended yet.
-- column: step | Step | text | entry point
-- column: seconds | Seconds | seconds | duration of the last completed run
-- column: finished_at | End | moment | time of its end
select step, extract(epoch from finished_at - started_at)::double precision as seconds, finished_at
from (select distinct on (step) * from ops.runs where project = %(project)s and outcome = 'done'
  order by step, started_at desc) as latest
where step <> 'main' order by started_at
