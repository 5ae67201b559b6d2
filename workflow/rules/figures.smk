# Tables are what figures show, as CSV; figures read nothing else.

FIGURES = [f"{RESULTS}/figures/{name}.pdf" for name in config["figures"]]
PROFILED = [name for name in config["figures"] if name in ("fig12", "fig16")]
TABLES = [f"{RESULTS}/tables/{name}" for name in ("estimates.csv", "estimates.md")]
TABLES += [f"{RESULTS}/tables/{name}.csv" for name in PROFILED]

for names in config["figures"].values():
    runs(names)  # a figure that names no experiment stops here, before any job


rule profiles:
    input:
        runs=lambda wildcards: run_files(config["figures"][wildcards.figure]),
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
        figure="fig12|fig16",
    priority: 30
    conda:
        ENV
    params:
        runs=lambda wildcards: figure_runs(wildcards.figure),
    shell:
        "python -m diffinfo table profiles --runs {params.runs} --out {output} > {log} 2>&1"


rule estimates:
    input:
        runs=run_files(config["experiments"]),
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
        runs=runs(config["experiments"]),
    shell:
        "python -m diffinfo table estimates --runs {params.runs} --out {output.table} > {log} 2>&1"


rule fig12:
    input:
        table=f"{RESULTS}/tables/fig12.csv",
        code=sources("stages.figure", "figures.fig12"),
    output:
        pdf=f"{RESULTS}/figures/fig12.pdf",
        png=report(
            f"{RESULTS}/figures/fig12.png",
            caption="../report/fig12.rst",
            category="Figures",
        ),
    log:
        f"{RESULTS}/logs/figure/fig12.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/fig12.tsv"
    priority: 30
    conda:
        ENV
    shell:
        "python -m diffinfo figure fig12 --inputs {input.table} --out {output.pdf} > {log} 2>&1"


rule fig16:
    input:
        table=f"{RESULTS}/tables/fig16.csv",
        estimates=rules.estimates.output.table,
        code=sources("stages.figure", "figures.fig16"),
    output:
        pdf=f"{RESULTS}/figures/fig16.pdf",
        png=report(
            f"{RESULTS}/figures/fig16.png",
            caption="../report/fig16.rst",
            category="Figures",
        ),
    log:
        f"{RESULTS}/logs/figure/fig16.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/fig16.tsv"
    priority: 30
    conda:
        ENV
    shell:
        "python -m diffinfo figure fig16 --inputs {input.table} {input.estimates} --out {output.pdf} > {log} 2>&1"


rule samples:
    input:
        samples=[f"{run}/samples.npz" for run in figure_runs("samples")],
        code=sources("stages.figure", "figures.samples"),
    output:
        pdf=f"{RESULTS}/figures/samples.pdf",
        png=report(
            f"{RESULTS}/figures/samples.png",
            caption="../report/samples.rst",
            category="Figures",
        ),
    log:
        f"{RESULTS}/logs/figure/samples.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/samples.tsv"
    priority: 30
    conda:
        ENV
    shell:
        "python -m diffinfo figure samples --inputs {input.samples} --out {output.pdf} > {log} 2>&1"
