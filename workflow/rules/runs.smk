# data -> train -> estimate, sample, ...: one rule per stage, under its name (`snakemake -R train`). What a stage reads,
# writes and takes from the config is stated by its module, src/diffinfo/stages/<name>.py.

for stage in RUN_STAGES:
    job = "{data}" if "data" in stage.writes else "{experiment}-seed-{seed}"
    made = any_of(sorted({name for name in PLAN.data.values() if PLAN.made_by(name) == stage.name}))

    rule:
        name:
            stage.name
        input:
            unpack(of_run(PLAN.needs, stage)),
            code=sources(f"stages.{stage.name}"),
        output:
            **PLAN.writes(stage),
        log:
            logged("logs", f"{stage.name}/{job}"),
        benchmark:
            logged("benchmarks", f"{stage.name}/{job}")
        wildcard_constraints:
            data=made,
        priority: of_run(PLAN.priority, stage)
        conda:
            ENV
        threads: 1
        resources:
            gpu=int(GPUS > 0 and stage.name not in ("data", "tsne")),
            mem_mb=at_most(memory, stage),
            runtime=at_most(minutes, stage),
        params:
            command=placed(of_run(PLAN.command, stage)),
        shell:
            "python -m diffinfo {params.command:q} --threads {threads} > {log} 2>&1"
