# data -> train -> estimate, sample: one folder per experiment and seed.


rule data:
    input:
        files=source_files,
        code=sources("stages.data"),
    output:
        data=f"{RESULTS}/runs/{{experiment}}/data.npz",
        card=f"{RESULTS}/runs/{{experiment}}/data.json",
    log:
        f"{RESULTS}/logs/data/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/{{experiment}}.tsv"
    priority: 30
    conda:
        ENV
    threads: 1
    params:
        settings=settings("data"),
    shell:
        "python -m diffinfo data --settings {params.settings:q} --out {output.data} > {log} 2>&1"


# Cases that train together have a rule of their own, below.
ALONE = (
    "".join(
        rf"(?!{re.escape(case)}/)"
        for case in sorted({case for folders in TOGETHER.values() for case, _, _ in folders})
    )
    + "[A-Za-z0-9][A-Za-z0-9._-]*"
)


rule train:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        code=sources("stages.train"),
    output:
        model=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/model.msgpack",
        history=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/model.history.csv",
        risk=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/model.risk.csv",
        cost=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/model.cost.json",
    log:
        f"{RESULTS}/logs/train/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{experiment}}-seed-{{seed}}.tsv"
    wildcard_constraints:
        experiment=ALONE,
    priority: 20
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings(*TRAIN),
    shell:
        "python -m diffinfo train --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --seed {wildcards.seed} --out {output.model} > {log} 2>&1"


# A classifier of noised images, for experiments that ask for one: the same stage, another network.
use rule train as classifier with:
    output:
        model=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/classifier.msgpack",
        history=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/classifier.history.csv",
        cost=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/classifier.cost.json",
    log:
        f"{RESULTS}/logs/classifier/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/classifier/{{experiment}}-seed-{{seed}}.tsv"
    wildcard_constraints:
        experiment="[A-Za-z0-9][A-Za-z0-9._-]*",
    params:
        settings=classifier_settings,


# All members of a sweep over tau as one vectorised program, for GPUs.
for name, folders in TOGETHER.items():

    rule:
        name:
            f"train_{re.sub('[^A-Za-z0-9]', '_', name)}"
        input:
            data=f"{RESULTS}/runs/{folders[0][0]}/data.npz",
            card=f"{RESULTS}/runs/{folders[0][0]}/data.json",
            code=sources("stages.train"),
        output:
            [
                f"{folder}/model.{suffix}"
                for _, _, folder in folders
                for suffix in ("msgpack", "history.csv", "risk.csv", "cost.json")
            ],
        log:
            f"{RESULTS}/logs/train/{name}.log",
        benchmark:
            f"{RESULTS}/benchmarks/train/{name}.tsv"
        priority: 20
        conda:
            ENV
        resources:
            gpu=1,
        params:
            members=members(name),
        shell:
            "python -m diffinfo train --data {input.data} {params.members} > {log} 2>&1"


rule estimate:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        classifier=classifier_of,
        code=sources("stages.estimate"),
    output:
        estimate=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/estimate.json",
        levels=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/estimate.levels.csv",
    log:
        f"{RESULTS}/logs/estimate/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimate/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("estimate"),
        classifier=lambda wildcards: " ".join(["--classifier", *classifier_of(wildcards)])
        * bool(classifier_of(wildcards)),
    shell:
        "python -m diffinfo estimate --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} {params.classifier} --out {output.estimate} > {log} 2>&1"


# The codes of an autoencoder instead of estimates of fields.
rule latents:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        code=sources("stages.latents"),
    output:
        latents=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/latents.json",
        codes=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/latents.npz",
        model=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/latents.semantic.msgpack",
    log:
        f"{RESULTS}/logs/latents/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/latents/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("latents"),
    shell:
        "python -m diffinfo latents --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} --out {output.latents} > {log} 2>&1"


rule tsne:
    input:
        codes=rules.latents.output.codes,
        code=sources("stages.tsne"),
    output:
        points=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/tsne.npz",
    log:
        f"{RESULTS}/logs/tsne/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tsne/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    shell:
        "python -m diffinfo tsne --codes {input.codes} --out {output.points} > {log} 2>&1"


rule reconstruct:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        code=sources("stages.reconstruct"),
    output:
        images=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/reconstructions.npz",
    log:
        f"{RESULTS}/logs/reconstruct/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/reconstruct/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    shell:
        "python -m diffinfo reconstruct --threads {threads} --data {input.data}"
        " --model {input.model} --out {output.images} > {log} 2>&1"


rule two_stages:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        autoencoder=rules.train.output.model,
        codes=rules.latents.output.model,
        model=beside("model.msgpack"),
        classifier=beside("classifier.msgpack"),
        code=sources("stages.twostage"),
    output:
        samples=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/twostage.npz",
    log:
        f"{RESULTS}/logs/twostage/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/twostage/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("sample"),
    shell:
        "python -m diffinfo twostage --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --autoencoder {input.autoencoder} --codes {input.codes} --model {input.model}"
        " --classifier {input.classifier} --out {output.samples} > {log} 2>&1"


# Where in a few pictures, and at which noise level, the information about their labels sits.
rule map:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        classifier=rules.classifier.output.model,
        code=sources("stages.maps"),
    output:
        maps=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/maps.npz",
    log:
        f"{RESULTS}/logs/maps/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/maps/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("maps"),
    shell:
        "python -m diffinfo maps --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} --classifier {input.classifier} --out {output.maps} > {log} 2>&1"


# Few-step sampling: what the risk curve says, tried on a pilot, then beside common grids.
rule pilot:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        classifier=rules.classifier.output.model,
        code=sources("stages.pilot"),
    output:
        tries=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/pilot.csv",
        risk=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/pilot.risk.csv",
    log:
        f"{RESULTS}/logs/pilot/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pilot/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("schedules"),
    shell:
        "python -m diffinfo pilot --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} --classifier {input.classifier} --out {output.tries} > {log} 2>&1"


rule schedules:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        classifier=rules.classifier.output.model,
        tries=rules.pilot.output.tries,
        risk=rules.pilot.output.risk,
        code=sources("stages.schedules"),
    output:
        scores=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/schedules.csv",
    log:
        f"{RESULTS}/logs/schedules/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/schedules/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("schedules"),
    shell:
        "python -m diffinfo schedules --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} --classifier {input.classifier} --pilot {input.tries} --out {output.scores} > {log} 2>&1"


rule sample:
    input:
        data=rules.data.output.data,
        card=rules.data.output.card,
        model=rules.train.output.model,
        code=sources("stages.sample"),
    output:
        samples=f"{RESULTS}/runs/{{experiment}}/seed-{{seed}}/samples.npz",
    log:
        f"{RESULTS}/logs/sample/{{experiment}}-seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{{experiment}}-seed-{{seed}}.tsv"
    priority: 25
    conda:
        ENV
    threads: 1
    resources:
        gpu=1,
    params:
        settings=settings("sample"),
    shell:
        "python -m diffinfo sample --threads {threads} --settings {params.settings:q} --data {input.data}"
        " --model {input.model} --out {output.samples} > {log} 2>&1"
