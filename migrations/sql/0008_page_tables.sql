-- Small tables for the dashboards, replaced by each run of the step that knows them.

create table if not exists ops.source_counts (
  project text not null,
  source text not null,
  rows_in bigint not null,
  rows_kept bigint not null,
  duplicates bigint not null,
  quarantined bigint not null,
  reasons text,
  primary key (project, source)
);

create table if not exists ops.source_days (
  project text not null,
  source text not null,
  day date not null,
  rows bigint not null,
  late_days double precision not null,
  primary key (project, source, day)
);

create table if not exists mart.cohorts (
  project text not null,
  joined_month date not null,
  plan_months integer not null,
  step integer not null check (step >= 0),
  people bigint not null check (people > 0),
  active bigint not null check (active between 0 and people),
  primary key (project, joined_month, plan_months, step)
);
