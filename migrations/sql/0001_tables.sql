-- Every statement leaves alone what an earlier release made.
do $$
declare role_name text;
begin
  foreach role_name in array array['prichal_writer', 'prichal_reader'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I nologin', role_name);
      execute format('grant %I to current_user', role_name);
    end if;
  end loop;
  if to_regnamespace('mart') is null then
    create schema mart;
  end if;
end $$;

create table if not exists ops.migrations (
  name text primary key,
  applied_at timestamptz not null default clock_timestamp(),
  details jsonb not null default '{}'
);

create table if not exists ops.runs (
  run_id text primary key,
  project text not null,
  step text not null,
  parameters jsonb not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  inputs jsonb not null default '{}',
  rows_in bigint,
  rows_out bigint,
  quarantined bigint,
  outcome text not null default 'running' check (outcome in ('running', 'done', 'failed')),
  message text
);

create table if not exists ops.promotions (
  id bigint primary key,
  happened_at timestamptz not null,
  who text not null,
  model_name text not null,
  act text not null constraint promotions_act_check check (act in (
    'promote', 'refuse', 'rollback', 'repair', 'review', 'approve', 'reject', 'void', 'intent')),
  version text,
  replaced_version text,
  decision jsonb not null,
  reason text not null,
  previous_hash text not null,
  row_hash text not null unique
);

create table if not exists ops.deliveries (
  id bigint primary key,
  run text not null,
  delivered_at timestamptz
);

create table if not exists ops.drift (
  score_date date not null,
  model_name text not null,
  population text not null,
  feature text not null,
  distance double precision not null,
  threshold double precision not null,
  verdict text not null,
  primary key (score_date, model_name, population, feature)
);
alter table ops.drift
  add column if not exists p_value double precision,
  add column if not exists usual double precision;

create table if not exists ops.model_quality (
  score_date date not null,
  population text not null,
  model_name text not null,
  model_version text not null,
  rows bigint not null,
  left_count bigint not null,
  auc double precision,
  auc_low double precision,
  auc_high double precision,
  log_loss double precision,
  calibration_error double precision,
  primary key (score_date, model_name, population, model_version)
);
