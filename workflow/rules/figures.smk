# Tables are what figures show, as CSV; figures read nothing else (those that are pictures read arrays).

FIGURES = [f"{RESULTS}/figures/{name}.pdf" for name in config["figures"]]
READABLE = [name for name in PLAN.tables if PLAN.readable(name)]
TABLES = [f"{RESULTS}/tables/{name}.csv" for name in PLAN.tables]
TABLES += [f"{RESULTS}/tables/{name}.md" for name in READABLE]
COMPARED = [f"{RESULTS}/tables/{name}.csv" for name in PLAN.compared]
REPLICATION = [f"{RESULTS}/tables/replication.{kind}" for kind in ("csv", "md") if COMPARED]


rule table:
    input:
        files=lambda wildcards: PLAN.table_inputs(wildcards.table),
        code=lambda wildcards: sources(
            "stages.table", f"tables.{PLAN.tables[wildcards.table].partition('.')[0]}"
        ),
    output:
        report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/caption.rst",
            category="Tables",
        ),
    log:
        logged("logs", "table/{table}"),
    benchmark:
        logged("benchmarks", "table/{table}")
    wildcard_constraints:
        table=any_of(set(PLAN.tables) - set(READABLE)),
    priority: 30
    group:
        "draw"
    conda:
        ENV
    params:
        command=placed(lambda wildcards: PLAN.table_command(wildcards.table)),
        caption=lambda wildcards: PLAN.caption(wildcards.table, table=True),
    shell:
        "python -m diffinfo {params.command:q} > {log} 2>&1"


# Those that also come as Markdown.
use rule table as readable_table with:
    output:
        table=report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/caption.rst",
            category="Tables",
        ),
        readable=f"{RESULTS}/tables/{{table}}.md",
    wildcard_constraints:
        table=any_of(READABLE),


# What the papers print beside what this config's own runs give.
rule replication:
    input:
        tables=COMPARED,
        code=sources("stages.replication"),
    output:
        table=report(
            f"{RESULTS}/tables/replication.csv",
            caption="../report/caption.rst",
            category="Against the papers",
        ),
        readable=f"{RESULTS}/tables/replication.md",
    log:
        logged("logs", "replication"),
    benchmark:
        logged("benchmarks", "replication")
    priority: 30
    group:
        "draw"
    conda:
        ENV
    params:
        results=lambda wildcards, output: Path(output.table).parents[1],
        caption="Every number that the papers print, beside ours with its standard error, and a verdict.",
    shell:
        "python -m diffinfo replication {params.results:q} --out {output.table:q} > {log} 2>&1"


# One rule per figure, under its name: `snakemake -R fig12`.
for figure in config["figures"]:

    rule:
        name:
            figure
        input:
            files=PLAN.figure_inputs(figure),
            code=sources("stages.figure", f"figures.{figure}"),
        output:
            pdf=f"{RESULTS}/figures/{figure}.pdf",
            png=report(
                f"{RESULTS}/figures/{figure}.png",
                caption="../report/caption.rst",
                category="Figures",
            ),
        log:
            logged("logs", f"figure/{figure}"),
        benchmark:
            logged("benchmarks", f"figure/{figure}")
        priority: 30
        group:
            "draw"
        conda:
            ENV
        params:
            figure=figure,
            caption=PLAN.caption(figure),
            about=PLAN.about(figure),
        shell:
            "python -m diffinfo figure {params.figure} --about {params.about:q} --inputs {input.files:q}"
            " --out {output.pdf:q} > {log} 2>&1"
