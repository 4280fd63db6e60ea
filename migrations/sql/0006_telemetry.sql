-- Rollups of the project telemetry, an online shop: aggregates only, no row is about a person. In every table an empty
-- category or city means all of them, and a person counts in one city, gender and age group. So people can be added up
-- over cities, genders and age groups, but not over categories or periods.

create table if not exists mart.telemetry_activity (
  grain text not null check (grain in ('day', 'week', 'month')),
  city text not null,
  category text not null,
  period_start date not null,
  gender text not null,
  age_group text not null,
  users bigint not null,
  view_users bigint not null,
  cart_users bigint not null,
  checkout_users bigint not null,
  buyers bigint not null,
  events bigint not null,
  orders bigint not null,
  revenue double precision not null,
  outliers bigint not null,
  outlier_revenue double precision not null,
  primary key (grain, city, category, period_start, gender, age_group)
);
create index if not exists telemetry_activity_by_category
  on mart.telemetry_activity (grain, category, period_start) where grain = 'month';

-- Each array has 24 numbers, of hour 0 to 23. Weekday 1 is Monday.
create table if not exists mart.telemetry_hours (
  city text not null,
  category text not null,
  month date not null,
  weekday smallint not null check (weekday between 1 and 7),
  gender text not null,
  age_group text not null,
  events_by_hour bigint[] not null check (cardinality(events_by_hour) = 24),
  revenue_by_hour double precision[] not null check (cardinality(revenue_by_hour) = 24),
  primary key (city, category, month, weekday, gender, age_group)
);

create table if not exists mart.telemetry_sessions (
  city text not null,
  category text not null,
  month date not null,
  gender text not null,
  age_group text not null,
  length_group text not null,
  sessions bigint not null,
  seconds double precision not null,
  events bigint not null,
  cart_sessions bigint not null,
  buying_sessions bigint not null,
  primary key (city, category, month, gender, age_group, length_group)
);

create table if not exists mart.telemetry_checks (
  city text not null,
  category text not null,
  month date not null,
  gender text not null,
  age_group text not null,
  value_from double precision not null,
  orders bigint not null,
  outliers bigint not null,
  primary key (city, category, month, gender, age_group, value_from)
);

create table if not exists mart.telemetry_children (
  city text not null,
  category text not null,
  month date not null,
  gender text not null,
  age_group text not null,
  child_group text not null,
  events bigint not null,
  orders bigint not null,
  revenue double precision not null,
  primary key (city, category, month, gender, age_group, child_group)
);

create table if not exists mart.telemetry_coordinates (
  city text primary key,
  latitude double precision not null,
  longitude double precision not null
);

create table if not exists mart.telemetry_double_events (
  month date primary key,
  valid_rows bigint not null,
  kept_rows bigint not null,
  duplicates bigint not null,
  contradictions bigint not null
);
