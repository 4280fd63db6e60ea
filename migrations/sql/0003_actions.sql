-- Assignments to campaigns, the outbox of contacts, what platforms report back, and the measured lift.

-- A number from 0 to below 1 that is always the same for an entity and a salt: the first 52 bits of the MD5 of both.
-- `actions.design.draws` computes the same number. The names of its body are bound when it is created, so it needs no
-- search path, and PostgreSQL can write it into the statement that calls it.
create or replace function ops.uniform_draw(salt text, entity text) returns double precision
  language sql immutable strict parallel safe
  return ('x' || substr(md5(salt || ':' || entity), 1, 13))::bit(52)::bigint::double precision / 4503599627370496;

create or replace function ops.refuse_any_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op;
end $$;

-- The global control group of a project, drawn once. It never changes, or people of the group would be contacted.
create table if not exists ops.global_controls (
  project text primary key,
  salt text not null,
  share double precision not null check (share > 0 and share < 1),
  created_at timestamptz not null default clock_timestamp(),
  unique (project, salt, share)
);
create or replace trigger global_controls_append_only before update or delete or truncate on ops.global_controls
  for each statement execute function ops.refuse_any_change();

create table if not exists ops.campaigns (
  project text not null,
  campaign text not null,
  starts_on date not null,
  design jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (project, campaign)
);
create or replace trigger campaigns_append_only before update or delete or truncate on ops.campaigns
  for each statement execute function ops.refuse_any_change();

-- One row per person and campaign. `action` is the drawn action of an exploring row; the policy chooses that of a policy
-- row later. `probability` is that of the arm, and of the action in an exploring row. `allowed_actions` are the actions
-- that the person could get on that day: an exploring row draws among them.
create table if not exists ops.assignments (
  project text not null,
  campaign text not null,
  entity text not null,
  arm text not null check (arm in ('global control', 'control', 'explore', 'policy')),
  action text,
  probability double precision not null check (probability > 0 and probability <= 1),
  allowed_actions text[] check (action = any (allowed_actions)),
  assigned_at timestamptz not null default clock_timestamp(),
  salt text not null,
  global_share double precision not null,
  global_draw double precision generated always as (ops.uniform_draw(salt, entity)) stored,
  primary key (project, campaign, entity),
  unique (project, campaign, entity, arm),
  foreign key (project, campaign) references ops.campaigns,
  foreign key (project, salt, global_share) references ops.global_controls (project, salt, share),
  check ((arm = 'global control') = (global_draw < global_share)),
  check ((arm = 'explore') = (action is not null))
);
create or replace trigger assignments_append_only before update or delete or truncate on ops.assignments
  for each statement execute function ops.refuse_any_change();

-- Each planned contact of a person, until the platform has answered. The reference and the check of `arm` keep control
-- groups out: a person of the global control group has no assignment with another arm. A row becomes `unknown` before
-- its request leaves, with the number of its batch: a request that was interrupted is repeated with the same contacts.
-- An unknown row with a reason is not sent again.
create table if not exists ops.outbox (
  id bigint generated always as identity primary key,
  project text not null,
  campaign text not null,
  entity text not null,
  arm text not null check (arm in ('explore', 'policy')),
  action text not null,
  channel text not null,
  offer text not null,
  contact smallint not null check (contact >= 1),
  score_date date not null,
  planned_for timestamptz not null,
  platform text not null,
  batch bigint,
  state text not null default 'pending' check (state in ('pending', 'withheld', 'unknown', 'accepted', 'refused')),
  reason text,
  attempts integer not null default 0,
  idempotency_key text not null unique,
  queued_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  answered_at timestamptz,
  unique (project, campaign, entity, contact),
  foreign key (project, campaign, entity, arm) references ops.assignments (project, campaign, entity, arm),
  check (state = 'unknown' or (state in ('withheld', 'refused')) = (reason is not null)),
  check ((state in ('unknown', 'accepted', 'refused')) = (sent_at is not null)),
  check ((state in ('accepted', 'refused')) = (answered_at is not null))
);
create index if not exists outbox_open on ops.outbox (project, state, id) where state in ('pending', 'unknown');
create index if not exists outbox_sent on ops.outbox (entity, channel, planned_for) where state in ('unknown', 'accepted');

-- What platforms report: an event of one message to one person.
create table if not exists ops.reactions (
  project text not null,
  event_id text not null,
  campaign text,
  entity text not null,
  channel text not null,
  reaction text not null check (reaction in ('delivered', 'opened', 'clicked', 'unsubscribed', 'refused')),
  happened_at timestamptz not null,
  primary key (project, event_id)
);
create index if not exists reactions_campaign on ops.reactions (project, campaign, reaction);
create index if not exists reactions_delivered on ops.reactions (entity, channel, happened_at)
  where reaction = 'delivered';

-- Channels that a person closed: nothing may be sent by them, from that moment on.
create table if not exists ops.closed_channels (
  project text not null,
  entity text not null,
  channel text not null,
  closed_at timestamptz not null,
  reason text not null,
  primary key (project, entity, channel)
);

-- Months of a source of the lake whose rows are in ops.reactions; another digest means that the month has changed.
create table if not exists ops.reaction_months (
  project text not null,
  source text not null,
  month text not null,
  digest text not null,
  primary key (project, source, month)
);

-- People who were erased: they are never contacted.
create table if not exists ops.erased (
  project text not null,
  entity text not null,
  erased_at timestamptz not null default clock_timestamp(),
  primary key (project, entity)
);

-- Prices of the constraints of a day's plan: what one more unit of each would have won.
create table if not exists ops.constraint_prices (
  project text not null,
  score_date date not null,
  constraint_name text not null,
  price double precision not null check (price >= 0),
  used double precision not null,
  allowed double precision not null,
  primary key (project, score_date, constraint_name)
);

-- What campaigns changed. A row compares the treated with a control group; docs/mart.md describes the columns.
create table if not exists mart.campaign_lift (
  project text not null,
  campaign text not null,
  action text not null,
  segment text not null,
  comparison text not null check (comparison in ('campaign control', 'global control')),
  measured_on date not null,
  matures_on date not null,
  treated bigint not null,
  control bigint not null,
  pending bigint not null,
  retention_treated double precision,
  retention_control double precision,
  lift double precision,
  lift_low double precision,
  lift_high double precision,
  p_value double precision,
  adjusted_p_value double precision,
  smallest_visible_lift double precision,
  method text,
  people_kept double precision,
  people_kept_low double precision,
  people_kept_high double precision,
  money double precision,
  money_low double precision,
  money_high double precision,
  cost double precision not null,
  currency text not null,
  conclusion text not null
    check (conclusion in ('better', 'harmed', 'no difference', 'too few people', 'not known yet')),
  verdict text not null,
  primary key (project, campaign, action, segment, comparison)
);

-- The table of a project's daily plan and the view of its latest day, unless they exist; and the right to write the
-- recommendation into its table of scores.
create or replace function mart.create_actions(actions text, scores text, entity text, entity_type text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
begin
  if actions !~ '^[a-z][a-z0-9_]{0,50}$' or scores !~ '^[a-z][a-z0-9_]{0,50}$' or entity !~ '^[a-z][a-z0-9_]{0,50}$' then
    raise exception 'Mart % of % with key %: a name must be at most 51 lower-case letters, digits and underscores',
      actions, scores, entity using errcode = 'invalid_parameter_value';
  elsif entity_type not in ('bigint', 'text') then
    raise exception 'Mart %: the type of its key is %, it may be bigint or text', actions, entity_type
      using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(format('mart.%I', actions || '_current')) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('prichal.migrate'));
  execute format('
    create table if not exists mart.%1$I (
      score_date date not null,
      %2$I %3$s not null,
      population text not null,
      campaign text not null,
      arm text not null check (arm in (''explore'', ''policy'')),
      action text not null,
      channel text not null,
      offer text not null,
      contacts smallint not null check (contacts >= 1),
      expected_effect double precision,
      expected_gain double precision,
      cost double precision not null,
      policy_version text not null,
      planned_at timestamptz not null,
      primary key (score_date, %2$I)
    )', actions, entity, entity_type);
  execute format('
    create or replace view mart.%1$I with (security_barrier) as
      select * from mart.%2$I where score_date = (select max(score_date) from mart.%2$I)',
    actions || '_current', actions);
  execute format('grant select, insert, delete on mart.%I to prichal_writer', actions);
  execute format('grant update (recommended_channel, recommended_offer) on mart.%I to prichal_writer', scores);
  execute format('grant select on mart.%I to prichal_reader, prichal_writer', actions || '_current');
end $$;

revoke execute on function mart.create_actions(text, text, text, text), ops.uniform_draw(text, text) from public;
