# Tables are what figures show, as CSV; figures read nothing else (those that are pictures read arrays).

# figure -> what its own table holds; an illustration's table is computed from exact fields, without any run.
PROFILES = ("fig3", "fig4", "fig11", "fig12", "fig16", "fig22")
CASES = ("fig2", "fig9", "fig10", "fig13", "fig20", "estimators")
LIKELIHOODS = ("fig21",)
SCHEDULES = ("fig27",)
CODES = ("fig15", "fig18", "price")
ILLUSTRATIONS = ("fig1", "fig6", "fig7", "fig8", "fig19")
THEORY = ("fig23", "fig24", "fig25", "fig26")
FIGURES = [f"{RESULTS}/figures/{name}.pdf" for name in config["figures"]]
TABLES = [f"{RESULTS}/tables/{name}.csv" for name in config["figures"] if name not in WITHOUT_TABLE]
ALL_RUNS = runs(GROUPS)
FIELD_RUNS = [run for run in ALL_RUNS if not has_codes(run)]
TABLES += [f"{RESULTS}/tables/{name}" for name in ("estimates.csv", "estimates.md") if FIELD_RUNS]

TABLES += [f"{RESULTS}/tables/separation.md"] * ("separation" in config["figures"])

for name in config["figures"]:
    figure_runs(name)  # a figure that names no experiment stops here, before any job


rule profiles:
    input:
        runs=lambda wildcards: run_files(figure_runs(wildcards.figure)),
        code=sources("stages.table"),
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/profiles.rst",
            category="Tables",
        ),
    log:
        f"{RESULTS}/logs/table/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{figure}}.tsv"
    wildcard_constraints:
        figure="|".join(PROFILES),
    priority: 30
    conda:
        ENV
    params:
        table="profiles",
        runs=lambda wildcards: figure_runs(wildcards.figure),
    shell:
        "python -m diffinfo table {params.table} --runs {params.runs} --out {output} > {log} 2>&1"


use rule profiles as cases with:
    input:
        runs=lambda wildcards: run_files(figure_runs(wildcards.figure), "model.cost.json"),
        code=sources("stages.table"),
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/cases.rst",
            category="Tables",
        ),
    wildcard_constraints:
        figure="|".join(CASES),
    params:
        table="cases",


use rule profiles as likelihoods with:
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/likelihoods.rst",
            category="Tables",
        ),
    wildcard_constraints:
        figure="|".join(LIKELIHOODS),
    params:
        table="likelihoods",


use rule profiles as codes with:
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/codes.rst",
            category="Tables",
        ),
    wildcard_constraints:
        figure="|".join(CODES),
    params:
        table="codes",


use rule profiles as schedule_table with:
    input:
        runs=lambda wildcards: [f"{run}/schedules.csv" for run in figure_runs(wildcards.figure)],
        code=sources("stages.table"),
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/schedules.rst",
            category="Tables",
        ),
    wildcard_constraints:
        figure="|".join(SCHEDULES),
    params:
        table="schedules",
        runs=lambda wildcards: figure_runs(wildcards.figure),


# The separation of S_NN and class: split codes beside a model of the same images.
rule separation_table:
    input:
        runs=lambda wildcards: run_files(figure_runs("separation")),
        beside=lambda wildcards: run_files(compared_runs("separation")),
        code=sources("stages.table"),
    output:
        table=report(
            f"{RESULTS}/tables/separation.csv",
            caption="../report/separation.rst",
            category="Tables",
        ),
        readable=f"{RESULTS}/tables/separation.md",
    log:
        f"{RESULTS}/logs/table/separation.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/separation.tsv"
    priority: 30
    conda:
        ENV
    params:
        runs=lambda wildcards: figure_runs("separation"),
        beside=lambda wildcards: compared_runs("separation"),
    shell:
        "python -m diffinfo table separation --runs {params.runs} --beside {params.beside}"
        " --out {output.table} > {log} 2>&1"


rule illustrate:
    input:
        code=sources("stages.illustrate"),
    output:
        f"{RESULTS}/tables/{{figure}}.csv",
    log:
        f"{RESULTS}/logs/table/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{figure}}.tsv"
    wildcard_constraints:
        figure="|".join(ILLUSTRATIONS),
    priority: 30
    conda:
        ENV
    shell:
        "python -m diffinfo illustrate {wildcards.figure} --out {output} > {log} 2>&1"


rule estimates:
    input:
        runs=run_files(FIELD_RUNS),
        code=sources("stages.table"),
    output:
        table=report(
            f"{RESULTS}/tables/estimates.csv",
            caption="../report/estimates.rst",
            category="Tables",
        ),
        readable=f"{RESULTS}/tables/estimates.md",
    log:
        f"{RESULTS}/logs/table/estimates.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/estimates.tsv"
    conda:
        ENV
    params:
        runs=FIELD_RUNS,
    shell:
        "python -m diffinfo table estimates --runs {params.runs} --out {output.table} > {log} 2>&1"


rule theory:
    input:
        code=sources("stages.theory"),
    output:
        report(
            f"{RESULTS}/tables/{{figure}}.csv",
            caption="../report/theory.rst",
            category="Tables",
        ),
    log:
        f"{RESULTS}/logs/table/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{figure}}.tsv"
    wildcard_constraints:
        figure="|".join(THEORY),
    priority: 30
    conda:
        ENV
    shell:
        "python -m diffinfo theory {wildcards.figure} --out {output} > {log} 2>&1"


# One rule per figure, under its name: `snakemake -R fig12`.
for figure in config["figures"]:

    rule:
        name:
            figure
        input:
            tables=figure_inputs(figure),
            code=sources("stages.figure", f"figures.{figure}"),
        output:
            pdf=f"{RESULTS}/figures/{figure}.pdf",
            png=report(
                f"{RESULTS}/figures/{figure}.png",
                caption=f"../report/{figure}.rst",
                category="Figures",
            ),
        log:
            f"{RESULTS}/logs/figure/{figure}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figure/{figure}.tsv"
        priority: 30
        conda:
            ENV
        params:
            figure=figure,
        shell:
            "python -m diffinfo figure {params.figure} --inputs {input.tables} --out {output.pdf} > {log} 2>&1"
