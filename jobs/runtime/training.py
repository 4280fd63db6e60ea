"""Training of the chosen populations inside one step: snapshots, then a nested MLflow run for each population."""

import mlflow

from jobs.runtime.context import Context
from jobs.runtime.run_log import step
from stack.settings import ROOT, user
from training import TrainingRequest, TrainingResult, code_hash, train
from training.search.budget import with_budget

#: packages whose code determines a model; their hash decides whether a training can be reused.
MODEL_CODE = ("stack/engines", "lake", "features", "training")


def train_populations(context: Context, population: str, as_of: str, trials: str) -> list[TrainingResult]:
    """Train the populations' models on the data known at a date.

    Raises:
        TrialsError: `trials` is no budget.
        DeclarationError: an unknown population.
    """
    project, trained = context.project, []
    plan, populations = with_budget(project.training, trials), project.choose(population)
    with step(context, "train", {"population": population, "as_of": as_of, "trials": trials}) as record:
        day, snapshots = context.day(as_of), context.snapshots
        rows, digests = 0, {}
        code = code_hash(ROOT, [*MODEL_CODE, f"projects/{project.name}"])
        for chosen in populations:
            tags = {"prichal.kind": "training", "prichal.author": user()}
            with mlflow.start_run(run_name=f"{chosen.name} · training", nested=True, tags=tags):
                chosen_snapshots, dates = snapshots.of(chosen), context.grid(day, chosen)
                built = chosen_snapshots.build(context.engine, dates)
                request = TrainingRequest(
                    chosen_snapshots,
                    chosen,
                    plan,
                    tuple(dates),
                    day,
                    code,
                    context.say,
                    context.contacts_to_leave_out(),
                )
                trained.append(train(request))
                digests[chosen.name] = {str(date): chosen_snapshots.digest(date) for date in dates}
                rows += sum(built.rows.values())
        record.inputs, record.rows_in = {"snapshots": digests, "code": code}, rows
    return trained
