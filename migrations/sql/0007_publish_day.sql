-- A day's rows are copied into a table of their own, which then becomes the partition of the day, in one transaction.
-- So a killed publication leaves nothing, and no reader sees a part of a day.

-- Create the table of a day, on its own, for the writer to copy rows into. False if the day already has a partition.
create or replace function mart.build_day(scores text, day date) returns boolean
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
  perform pg_advisory_xact_lock_shared(hashtext('prichal.migrate'));
  if exists (select from pg_inherits where inhparent = parent and inhrelid = to_regclass(format('mart.%I', part))) then
    return false;
  end if;
  execute format('create table mart.%I (like mart.%I including all excluding indexes)', part, scores);
  execute format('grant select, insert on mart.%I to prichal_writer', part);
  return true;
end $$;

-- Index the table of `mart.build_day`, and make it the partition of its day: that takes a SHARE UPDATE EXCLUSIVE lock on
-- the table of scores, which no reader and no dump waits for or holds up.
create or replace function mart.attach_day(scores text, day date) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  part text := scores || '_' || to_char(day, 'YYYYMMDD');
  key text;
begin
  if scores !~ '^[a-z][a-z0-9_]{0,50}$' or not exists (
    select from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.oid = to_regclass(format('mart.%I', part)) and c.relkind = 'r' and not c.relispartition
      and c.relowner = current_user::regrole and a.attname = 'churn_probability'
  ) then
    raise exception 'Mart %: % has no table that mart.build_day created', scores, day
      using errcode = 'invalid_parameter_value';
  end if;
  select string_agg(quote_ident(a.attname), ', ' order by k.place) into strict key
  from pg_constraint c cross join unnest(c.conkey) with ordinality k (number, place)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number
  where c.contype = 'p' and c.conrelid = to_regclass(format('mart.%I', scores));
  execute format('alter table mart.%I add primary key (%s)', part, key);
  execute format('create index on mart.%I (churn_probability)', part);
  execute format('alter table mart.%I attach partition mart.%I for values in (%L)', scores, part, day);
  execute format('revoke select, insert on mart.%I from prichal_writer', part);
end $$;

revoke execute on function mart.build_day(text, date), mart.attach_day(text, date) from public;
