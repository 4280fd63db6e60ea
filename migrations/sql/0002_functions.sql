do $$
begin
  if not exists (select from pg_roles where rolname = 'prichal_mover') then
    create role prichal_mover nologin;
    grant prichal_mover to current_user;
  end if;
end $$;

-- The functions below run with the owner's rights. Each has a fixed search path, checks its arguments and quotes them.

-- The table of a project's scores, and the view of its latest day, unless they exist.
create or replace function mart.create_scores(scores text, entity text, entity_type text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
begin
  if scores !~ '^[a-z][a-z0-9_]{0,50}$' or entity !~ '^[a-z][a-z0-9_]{0,50}$' then
    raise exception 'Mart % with key %: a name must be at most 51 lower-case letters, digits and underscores',
      scores, entity using errcode = 'invalid_parameter_value';
  elsif entity_type not in ('bigint', 'text') then
    raise exception 'Mart %: the type of its key is %, it may be bigint or text', scores, entity_type
      using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(format('mart.%I', scores || '_current')) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('prichal.migrate'));
  execute format('
    create table if not exists mart.%1$I (
      score_date date not null,
      %2$I %3$s not null,
      population text not null,
      churn_probability double precision not null check (churn_probability between 0 and 1),
      risk_decile smallint not null check (risk_decile between 1 and 10),
      reason_1 text, reason_2 text, reason_3 text,
      recommended_channel text, recommended_offer text,
      model_name text not null,
      model_version text not null,
      label_matures_on date not null,
      scored_at timestamptz not null,
      primary key (score_date, %2$I)
    ) partition by list (score_date)', scores, entity, entity_type);
  -- Without the barrier, a cheap function in a reader''s query would see the rows of older days.
  execute format('
    create or replace view mart.%1$I with (security_barrier) as
      select * from mart.%2$I where score_date = (select max(score_date) from mart.%2$I)',
    scores || '_current', scores);
  execute format('grant select, insert, delete on mart.%I to prichal_writer', scores);
  execute format('grant select on mart.%I to prichal_reader, prichal_writer', scores || '_current');
end $$;

-- The partition of one day, unless it exists. It is created on its own and then attached: that takes a SHARE UPDATE
-- EXCLUSIVE lock on the table, which no reader and no dump waits for or holds up.
create or replace function mart.create_day(scores text, day date) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  parent oid := to_regclass(format('mart.%I', scores));
  part text := scores || '_' || to_char(day, 'YYYYMMDD');
begin
  if scores !~ '^[a-z][a-z0-9_]{0,50}$' or not exists (
    select from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid
    where p.partrelid = parent and a.attname = 'churn_probability'
  ) then
    raise exception '% is not a table of scores in the mart', scores using errcode = 'invalid_parameter_value';
  elsif day is null or day not between '1900-01-01' and '9999-12-31' then
    raise exception 'Mart %: % is not a day to score', scores, day using errcode = 'invalid_parameter_value';
  end if;
  if exists (select from pg_inherits where inhparent = parent and inhrelid = to_regclass(format('mart.%I', part))) then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('prichal.migrate'));
  if exists (select from pg_inherits where inhparent = parent and inhrelid = to_regclass(format('mart.%I', part))) then
    return;
  end if;
  execute format('create table mart.%I (like mart.%I including all)', part, scores);
  execute format('alter table mart.%I attach partition mart.%I for values in (%L)', scores, part, day);
end $$;

-- The sessions that a session waits for. `started_at` is null where the owner may not see it: grant it pg_read_all_stats.
create or replace function ops.list_blockers(waiting_pid integer)
  returns table (pid integer, user_name text, application text, started_at timestamptz)
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  select a.pid, a.usename::text, a.application_name, a.xact_start
  from unnest(pg_blocking_pids(waiting_pid)) as blocker (pid) join pg_stat_activity a on a.pid = blocker.pid
$$;

revoke execute on all functions in schema mart, ops from public;
