-- title: Drift of features
-- description: Features of the latest score date compared with the gate's test rows; the largest distances first.
-- empty: No features were compared yet: run `monitor`.
-- column: score_date | Score date | date | date of the comparison
-- column: population | Population | text | name of the population
-- column: feature | Feature | text | name of the feature
-- column: distance | Distance | coefficient | population stability index, or change of the share of nulls
-- column: threshold | Threshold | coefficient | a larger distance is drift
-- column: usual | Largest before | coefficient | the largest distance on earlier dates
-- column: verdict | Verdict | text | stable, within the normal range, or drift
select score_date, population, feature, distance, threshold, usual, verdict from ops.drift
where model_name = any (%(models)s::text[]) and score_date = (select max(score_date) from ops.drift where model_name = any (%(models)s::text[]))
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
order by distance desc, feature limit 20
