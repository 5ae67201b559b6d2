include: "workflow/Snakefile"


# `include` alone leaves no default target: a bare `snakemake` would find nothing to do.
rule default:
    default_target: True
    input:
        rules.all.input,
