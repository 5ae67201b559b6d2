# What came out, with checksums, so that it can be cited and checked.


rule manifest:
    input:
        files=FIGURES
        + [str(Path(figure).with_suffix(".png")) for figure in FIGURES]
        + TABLES
        + REPLICATION
        + PLAN.run_files,
        code=sources("stages.manifest"),
    output:
        f"{RESULTS}/manifest.json",
    log:
        logged("logs", "manifest"),
    benchmark:
        logged("benchmarks", "manifest")
    conda:
        ENV
    params:
        config=json.dumps(config, sort_keys=True),
    shell:
        "python -m diffinfo manifest --config-json {params.config:q}"
        " --files {input.files:q} --out {output:q} > {log} 2>&1"


# `snakemake verify`: are the published files still the ones in the manifest?
rule verify:
    input:
        f"{RESULTS}/manifest.json",
    log:
        logged("logs", "verify"),
    conda:
        ENV
    shell:
        "python -m diffinfo manifest --verify {input:q} 2>&1 | tee {log}"
