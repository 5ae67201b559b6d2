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
        captions=json.dumps(
            {f"figures/{name}": PLAN.caption(name) for name in config["figures"]}
            | {f"tables/{name}": PLAN.caption(name, table=True) for name in PLAN.tables}
        ),
    shell:
        "python -m diffinfo manifest --config-json {params.config:q} --captions-json {params.captions:q}"
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
        "python -m diffinfo verify {input:q} 2>&1 | tee {log}"


# `snakemake crate`: what came out with what made it, as one citable folder and .zip.
rule crate:
    input:
        manifest=f"{RESULTS}/manifest.json",
        code=sources("stages.crate"),
    output:
        zip=f"{RESULTS}/crate.zip",
        folder=directory(f"{RESULTS}/crate"),
    log:
        logged("logs", "crate"),
    conda:
        ENV
    shell:
        "python -m diffinfo crate {input.manifest:q} --out {output.zip:q} > {log} 2>&1"
