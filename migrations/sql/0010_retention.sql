-- Remove the scores, plans and drift of the days before `first_day`, and runs before `first_run` that no kept score needs.
-- Returns the number of removed days of scores, and of removed rows of the other tables.
create or replace function ops.remove_old_rows(project_name text, scores text, first_day date, first_run timestamptz)
  returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  actions text := regexp_replace(scores, '_scores$', '') || '_actions';
  part record;
  days bigint := 0;
  removed bigint := 0;
  counts jsonb := '{}';
  models text[];
  oldest_score timestamptz;
begin
  if scores !~ '^[a-z][a-z0-9_]{0,50}$' or to_regclass(format('mart.%I', scores)) is null then
    raise exception '% is not a table of scores in the mart', scores using errcode = 'invalid_parameter_value';
  end if;
  execute format('select array_agg(distinct model_name) from mart.%I', scores) into models;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = format('mart.%I', scores)::regclass
      and c.relname ~ ('^' || scores || '_[0-9]{8}$')
      and to_date(right(c.relname, 8), 'YYYYMMDD') < first_day
  loop
    execute format('drop table mart.%I', part.relname);
    days := days + 1;
  end loop;
  counts := jsonb_build_object('days of scores', days);
  if to_regclass(format('mart.%I', actions)) is not null then
    execute format('delete from mart.%I where score_date < $1', actions) using first_day;
    get diagnostics removed = row_count;
  end if;
  counts := counts || jsonb_build_object('rows of plans', removed);
  delete from ops.constraint_prices where project = project_name and score_date < first_day;
  delete from ops.drift where score_date < first_day and model_name = any (models);
  get diagnostics removed = row_count;
  counts := counts || jsonb_build_object('rows of drift', removed);
  execute format('select min(scored_at) from mart.%I', scores) into oldest_score;
  delete from ops.runs where project = project_name and outcome <> 'running' and started_at < first_run
    and (step <> 'score' or finished_at < coalesce(oldest_score, first_run));
  get diagnostics removed = row_count;
  return counts || jsonb_build_object('runs', removed);
end $$;

revoke execute on function ops.remove_old_rows(text, text, date, timestamptz) from public;
