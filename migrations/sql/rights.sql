-- Run after every upgrade, as the owner: brings the rights of all roles to what docs/access-rights.md says.
do $$
declare
  needed record;
  scores record;
begin
  -- Nobody else gets these: with TEMP, a reader could define functions that see what a query reads before it is filtered.
  for needed in
    select n.role_name, n.privilege from (values
      ('prichal_writer', 'CONNECT'), ('prichal_writer', 'TEMPORARY'), ('prichal_mover', 'CONNECT'),
      ('prichal_reader', 'CONNECT'), ('prichal_marketing', 'CONNECT'), ('prichal_bi', 'CONNECT'),
      ('prichal_administrator', 'CONNECT'), ('prichal_pages', 'CONNECT')) n (role_name, privilege)
    where not has_database_privilege(n.role_name, current_database(), n.privilege)
      and has_database_privilege(current_database(), n.privilege || ' WITH GRANT OPTION')
  loop
    execute format('grant %s on database %I to %I', needed.privilege, current_database(), needed.role_name);
  end loop;

  for scores in
    select c.relname, v.relname as current, 'security_barrier=true' = any(coalesce(v.reloptions, '{}')) as is_barrier
    from pg_class c join pg_class v on v.relname = c.relname || '_current' and v.relnamespace = c.relnamespace
    where c.relnamespace = 'mart'::regnamespace and c.relkind = 'p' and v.relkind = 'v'
  loop
    if not scores.is_barrier then
      execute format('alter view mart.%I set (security_barrier)', scores.current);
    end if;
    execute format('grant select, insert, delete on mart.%I to prichal_writer', scores.relname);
    execute format('grant update (recommended_channel, recommended_offer) on mart.%I to prichal_writer', scores.relname);
    perform mart.share_scores(scores.relname);
  end loop;
  for scores in
    select c.relname
    from pg_class c join pg_class v on v.relname = c.relname || '_current' and v.relnamespace = c.relnamespace
    where c.relnamespace = 'mart'::regnamespace and c.relkind = 'r' and v.relkind = 'v'
  loop
    perform mart.share_actions(scores.relname);
  end loop;

  -- The login of the dashboards, where it was made under this name.
  if exists (select from pg_roles where rolname = 'prichal_dashboards')
    and not pg_has_role('prichal_dashboards', 'prichal_pages', 'member') then
    grant prichal_pages to prichal_dashboards;
  end if;

  -- The login of the steps, where it was made under this name. It acts as the mover or the administrator only by SET ROLE.
  if exists (select from pg_roles where rolname = 'prichal_steps') then
    if not pg_has_role('prichal_steps', 'prichal_writer', 'member') then
      grant prichal_writer to prichal_steps;
    end if;
    if not pg_has_role('prichal_steps', 'prichal_mover', 'member') then
      grant prichal_mover to prichal_steps with inherit false, set true;
    end if;
    if not pg_has_role('prichal_steps', 'prichal_administrator', 'member') then
      grant prichal_administrator to prichal_steps with inherit false, set true;
    end if;
  end if;
end $$;

grant usage on schema mart to prichal_writer, prichal_reader, prichal_marketing, prichal_bi, prichal_administrator;
grant usage on schema ops to prichal_writer, prichal_mover, prichal_bi, prichal_administrator;

-- BI reads tables and views without people. The administrator reads all tables.
grant select on mart.campaign_lift, ops.model_quality, ops.drift, ops.constraint_prices, ops.campaigns to prichal_bi;
grant select on all tables in schema mart, ops to prichal_administrator;

grant select on ops.alembic_version, ops.migrations, ops.promotions to prichal_writer, prichal_mover;
grant select, insert, update on ops.runs to prichal_writer;
grant select, insert, delete on ops.drift, ops.model_quality to prichal_writer;

-- Only the mover adds to the ledger; nobody but the owner may do anything else to it.
revoke insert, update, delete, truncate on ops.promotions from prichal_writer;
revoke update, delete, truncate on ops.promotions from prichal_mover;
grant insert on ops.promotions to prichal_mover;
revoke insert, update on ops.deliveries from prichal_writer;
grant select, insert, update on ops.deliveries to prichal_mover;
grant select on ops.deliveries to prichal_writer;

-- Assignments and what was reported are only added to. A contact changes its state; nobody but the owner removes it.
revoke update, delete, truncate on ops.global_controls, ops.campaigns, ops.assignments, ops.reactions
  from prichal_writer;
grant select, insert on ops.global_controls, ops.campaigns, ops.assignments, ops.reactions, ops.closed_channels
  to prichal_writer;
-- Steps compare people with the erased ones. Only the administrator erases: by the owner's functions.
revoke insert, update, delete, truncate on ops.erased from prichal_writer;
grant select on ops.erased, ops.erasure_salts to prichal_writer;
grant execute on function ops.identifier_hash(text, text, text) to prichal_writer, prichal_administrator;
grant execute on function ops.record_erasure(text, text[], text[]), ops.erase_person(text, text, text)
  to prichal_administrator;
grant execute on function ops.remove_old_rows(text, text, date, timestamptz) to prichal_administrator;
grant select, insert, update on ops.outbox, ops.reaction_months to prichal_writer;
grant select, insert, delete on ops.constraint_prices, mart.campaign_lift to prichal_writer;
-- prichal_reader is the name of prichal_marketing in earlier releases; it has the same rights.
grant select on mart.campaign_lift to prichal_reader, prichal_marketing;

grant execute on function mart.create_actions(text, text, text, text), ops.uniform_draw(text, text) to prichal_writer;
grant execute on function mart.create_scores(text, text, text), mart.create_day(text, date) to prichal_writer;
grant execute on function mart.build_day(text, date), mart.attach_day(text, date) to prichal_writer;
grant execute on function ops.list_blockers(integer) to prichal_writer, prichal_mover;

-- Rollups are replaced as a whole, and analysed after that.
grant select, insert, delete, maintain
  on mart.telemetry_activity, mart.telemetry_hours, mart.telemetry_sessions, mart.telemetry_checks,
  mart.telemetry_children, mart.telemetry_coordinates, mart.telemetry_double_events
  to prichal_writer;
grant select
  on mart.telemetry_activity, mart.telemetry_hours, mart.telemetry_sessions, mart.telemetry_checks,
  mart.telemetry_children, mart.telemetry_coordinates, mart.telemetry_double_events
  to prichal_bi, prichal_marketing, prichal_reader;

-- The dashboards read what their queries name, and nothing about erased people.
grant usage on schema mart, ops to prichal_pages;
grant select on all tables in schema mart to prichal_pages;
grant select on ops.runs, ops.promotions, ops.drift, ops.model_quality, ops.campaigns, ops.assignments, ops.outbox,
  ops.reactions, ops.constraint_prices, ops.source_counts, ops.source_days to prichal_pages;

grant select, insert, delete on ops.source_counts, ops.source_days, mart.cohorts to prichal_writer;
grant select on ops.source_counts, ops.source_days, mart.cohorts to prichal_bi;
