# What came out, with checksums, so that it can be cited and checked.

MODELS = [f"{run}/model.msgpack" for run in ALL_RUNS]


rule manifest:
    input:
        files=FIGURES
        + [str(Path(figure).with_suffix(".png")) for figure in FIGURES]
        + TABLES
        + run_files(ALL_RUNS)
        + MODELS,
        code=sources("stages.manifest"),
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    benchmark:
        f"{RESULTS}/benchmarks/manifest.tsv"
    conda:
        ENV
    params:
        config=json.dumps(config, sort_keys=True),
    shell:
        "python -m diffinfo manifest --config-json {params.config:q}"
        " --files {input.files} --out {output} > {log} 2>&1"


# `snakemake verify`: are the published files still the ones in the manifest?
rule verify:
    input:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/verify.log",
    conda:
        ENV
    shell:
        "python -m diffinfo manifest --verify {input} 2>&1 | tee {log}"
