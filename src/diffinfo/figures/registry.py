"""Every figure, and what it needs: read by the workflow, docs/figures.md, help texts and tests.

A figure is a module of this folder whose `draw(inputs, out)` reads its own table, then the tables
that it borrows, then its pictures; its docstring is its caption. To add one, write the module, add
an entry here, and name its experiments in a config. Standard library only.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What a function of `diffinfo.tables`, called `<module>.<function>`, is made from.

    reads: files of every run, by their names in `diffinfo.runs.FILES`, where the run has them.
    readable: whether `<function>_as_markdown` of that module makes it readable, too.
    """

    reads: tuple[str, ...] = ()
    readable: bool = False


TABLES = {
    "runs.estimates": Table(("estimate",), readable=True),
    "runs.profiles": Table(("estimate", "profile")),
    "runs.cases": Table(("estimate", "cost")),
    "likelihood.likelihoods": Table(("estimate",)),
    "codes.codes": Table(("latents",)),
    "codes.separation": Table(("latents", "estimate", "profile"), readable=True),
    "cutoff.cutoff": Table(("estimate", "profile")),
    "few_steps.few_steps": Table(("few_steps",)),
    "generated.generated": Table(("estimate", "profile")),
    "illustrations.fig1": Table(),
    "illustrations.fig6": Table(),
    "illustrations.fig7": Table(),
    "illustrations.fig8": Table(),
    "illustrations.fig19": Table(),
    "perturbed.perturbed": Table(),
    "separability.worlds": Table(),
    "separability.predicted": Table(("spectra", "profile")),
    "separability.measured": Table(("estimate", "profile")),
    "separability.carried": Table(("latents",)),
    "theory.toys": Table(),
    "theory.path_costs": Table(),
    "theory.entropy_against_dimension": Table(),
    "theory.levels_against_dimension": Table(),
}


@dataclass(frozen=True)
class Figure:
    """shows: one line for readers. table: its own table, a key of `TABLES`; empty for pictures.

    of: what its runs are, "fields" (of vectors or images) or "codes" (autoencoders); empty for a
    figure that is computed from exact fields, without any run. classifier: whether these need a
    classifier of noised images. beside: whether its table also reads the experiments that these are
    compared with. borrows: names of other tables that it reads. picture: a file of each
    experiment's first run that it is drawn from.
    """

    shows: str
    table: str = ""
    of: str = ""
    classifier: bool = False
    beside: bool = False
    borrows: tuple[str, ...] = ()
    picture: str = ""


_FIELDS, _CODES = {"of": "fields"}, {"of": "codes"}
_PROFILES, _CASES = {"table": "runs.profiles", **_FIELDS}, {"table": "runs.cases", **_FIELDS}

FIGURES = {
    "fig1": Figure("data on a curve, and the drift that makes them", "illustrations.fig1"),
    "fig2": Figure(
        "guidance: samples (as fig8) and information (as fig10)", **_CASES, borrows=("fig8",)
    ),
    "fig3": Figure("S_NN and its rate, all data sets in one", **_PROFILES),
    "fig4": Figure("flattening beside determinism, one case of each", **_PROFILES),
    "fig5": Figure(
        "t-SNE of both codes of a split autoencoder, and what fig18 shows",
        **_CODES,
        borrows=("fig18",),
        picture="points",
    ),
    "fig6": Figure("the linear Gaussian model in one dimension", "illustrations.fig6"),
    "fig7": Figure("trajectories that collapse onto a curve", "illustrations.fig7"),
    "fig8": Figure("guidance in one dimension", "illustrations.fig8"),
    "fig9": Figure("I, S_NN and their ratio against the effective size of x", **_CASES),
    "fig10": Figure("I(X;Y) against the guidance weight", **_CASES),
    "fig11": Figure("flattening: networks over closed forms", **_PROFILES),
    "fig12": Figure("determinism: networks over closed forms", **_PROFILES),
    "fig13": Figure("I and S against lambda_delta", **_CASES),
    "fig14": Figure("images through autoencoders and back", **_CODES, picture="reconstructions"),
    "fig15": Figure("codes of two dimensions", "codes.codes", **_CODES, picture="codes"),
    "fig16": Figure(
        "entropy profiles of image models, and I(X;Y) by every estimator",
        **_PROFILES,
        borrows=("estimates",),
    ),
    "fig17": Figure("t-SNE of both codes of split autoencoders", **_CODES, picture="points"),
    "fig18": Figure(
        "I(Z;Y) of both codes of split autoencoders against tau", "codes.codes", **_CODES
    ),
    "fig19": Figure("forward and reverse process in one dimension", "illustrations.fig19"),
    "fig20": Figure("labels of known noise: estimated against exact I(X;Y)", **_CASES),
    "fig21": Figure(
        "total correlation, where it sits, and bits per dimension",
        "likelihood.likelihoods",
        **_FIELDS,
        borrows=("fig16",),
    ),
    "fig22": Figure(
        "I(X_lam;Y) from fields and from a classifier of noised images",
        **_PROFILES,
        classifier=True,
        borrows=("estimates",),
    ),
    "fig23": Figure("schedules of few steps on two mixtures, exact denoiser", "theory.toys"),
    "fig24": Figure("what steps cost: path KL by formula and by chains", "theory.path_costs"),
    "fig25": Figure(
        "steps needed against entropy and dimension", "theory.entropy_against_dimension"
    ),
    "fig26": Figure("noise levels needed against dimension", "theory.levels_against_dimension"),
    "fig27": Figure(
        "image models sampled in few steps, schedules side by side",
        "few_steps.few_steps",
        **_FIELDS,
        classifier=True,
    ),
    "fig28": Figure(
        "fields with errors of known size, and every estimate of I(X;Y)",
        "perturbed.perturbed",
        borrows=("estimates",),
    ),
    "cutoff": Figure(
        "S_NN against its cut-off, beside the paper's numbers", "cutoff.cutoff", **_FIELDS
    ),
    "estimators": Figure("errors of estimators of I(X;Y), one panel per sweep", **_CASES),
    "samples": Figure("generated images beside real ones", **_FIELDS, picture="samples"),
    "guided_images": Figure(
        "information of the images that guided models generate",
        "generated.generated",
        **_FIELDS,
        classifier=True,
    ),
    "label_maps": Figure(
        "where in a picture the information about its label sits",
        **_FIELDS,
        classifier=True,
        picture="maps",
    ),
    "price": Figure("I(Z;Y) of both codes at one tau against their price", "codes.codes", **_CODES),
    "separation": Figure(
        "S_NN and I(X;Y) at s < tau, and what the codes tell",
        "codes.separation",
        **_CODES,
        beside=True,
    ),
    "separability": Figure(
        "where the label sits in random fields of known information", "separability.worlds"
    ),
    "spectra": Figure(
        "where the label sits: predicted from classes' spectra, and measured",
        "separability.predicted",
        **_FIELDS,
        classifier=True,
    ),
    "worlds": Figure(
        "where models of random fields find the label, beside where it is",
        "separability.measured",
        **_FIELDS,
        classifier=True,
    ),
    "world_codes": Figure(
        "what codes of random fields tell of the label, beside what is there to tell",
        "separability.carried",
        **_CODES,
    ),
    "label_to_image": Figure(
        "label to code to image, beside guidance", **_CODES, beside=True, picture="two_stages"
    ),
}


def as_markdown() -> str:
    """All figures as the table in docs/figures.md has them."""
    lines = ["| figure | what it shows | made from |", "|---|---|---|"]
    for name, figure in FIGURES.items():
        made_from = {"fields": "trained fields", "codes": "autoencoders"}.get(
            figure.of, "exact fields"
        )
        with_classifier = ", classifier" if figure.classifier else ""
        lines.append(f"| `{name}` | {figure.shows} | {made_from}{with_classifier} |")
    return "\n".join(lines) + "\n"
