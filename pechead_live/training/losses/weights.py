"""`LossConfig`: the weight λ of every loss term, and what the terms need to know; presets.

PECHead eq. 5 names the terms and leaves the weights to a supplement that was never published;
``paper`` takes those of the works it builds on (FOMM, face-vid2vid, Face2Face-rho).
"""

from dataclasses import dataclass, replace

from pechead_live.errors import InputError
from pechead_live.training.losses.trunk import LAYERS

FULL_SCALES = (1.0, 0.5, 0.25, 0.125)
"""Of the perceptual loss: FOMM's pyramid."""

SMALL_SCALES = (0.25,)
SMALL_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""For training on a CPU: a fortieth of the work, 0.05 s of one core per 256-pixel picture."""


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """A weight of 0 leaves its term out, and what it alone needs is not loaded."""

    pixel: float = 10.0
    """λ_p of L_p, the pixel loss."""

    face: float = 1.0
    """How much more a pixel of the face counts in L_p (Face2Face-rho: 4)."""

    perceptual: float = 10.0
    """λ_v of L_v, the perceptual loss."""

    perceptual_scales: tuple[float, ...] = FULL_SCALES
    """Sizes at which L_v compares, 1 / integer."""

    perceptual_layers: tuple[str, ...] = LAYERS
    """Maps of the trunk that L_v compares."""

    detail: float = 0.0
    """λ_d of L_d, the perceptual loss of crops at full size."""

    detail_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1")
    """Maps of the trunk that L_d compares."""

    spread: float = 10.0
    """λ_k of L_k: learned landmarks keep apart."""

    equivariance: float = 10.0
    """λ_e of L_e: learned landmarks move with the picture."""

    jacobian: float = 0.0
    """Of L_e for the learned landmarks' Jacobians; the baseline's only."""

    tie: float = 0.0
    """Of the distance of learned landmarks to points of the head, at first; stage 0 only."""

    consistency: float = 0.0
    """Learned landmarks of one pose are the same from any photo of the person."""

    warping: float = 10.0
    """λ_w of L_w: the flows move the source onto the truth."""

    warping_perceptual: float = 0.25
    """What a perceptual loss at 64 pixels counts in L_w; nothing where ``perceptual`` is 0."""

    adversarial: float = 1.0
    """λ_G of L_G, once it is fully on; only in stages with a discriminator."""

    adversarial_start: float = 0.0
    """Share of the stage that passes before it begins."""

    adversarial_ramp: float = 0.0
    """Share of the stage in which it then rises to its full weight."""

    feature_matching: float = 0.0
    """Of the discriminator's maps; rises with L_G."""

    penalty: float = 0.0
    """γ of the discriminator's gradient penalty R1."""

    penalty_every: int = 16
    """Steps between two gradient penalties, each of which counts so many times."""

    augment: bool = False
    """Show the discriminator recoloured, shifted and cut pictures only: small data."""

    still_background: bool = False
    """Keep the gradient of L_G from where the person is not."""

    eyes: float = 0.0
    """Of the mean difference around lids and irises."""

    shut: float = 0.0
    """How much more the eyes count in a picture where both are shut: such frames are few."""

    mouth: float = 0.0
    """Of the mean difference around the lips."""

    temporal: float = 0.0
    """Of L_t; clips only."""

    flow: float = 0.0
    """Of a flow's end-point error to the geometry's (stage 0) or the teacher's (lite)."""

    painted: float = 0.0
    """Of the pixel loss of what lite paints, before it is blended: alpha starts near 1, and what is
    blended away would learn nothing."""

    residual: float = 0.0
    """Of the length by which lite moves the analytic picture."""

    teacher: float = 0.0
    """Of L_p and L_v to the teacher's picture, as a share of those to the truth, and of ``flow``;
    lite only."""

    def __post_init__(self) -> None:
        for name in _NOT_NEGATIVE:
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}: give a weight of at least 0")
        if self.penalty_every < 1:
            raise InputError(f"penalty_every is {self.penalty_every}: give 1 or more steps")
        if max(self.adversarial_start, self.adversarial_ramp, self.warping_perceptual) > 1:
            raise InputError(
                "adversarial_start, adversarial_ramp and warping_perceptual are shares: "
                "give numbers in [0, 1]"
            )
        for scale in self.perceptual_scales:
            if not 0 < scale <= 1 or abs(1 / scale - round(1 / scale)) > 1e-6:
                raise InputError(f"perceptual scale {scale}: give 1, 1/2, 1/4 and so on")
        if not (self.perceptual_scales and self.perceptual_layers and self.detail_layers):
            raise InputError("the perceptual loss needs a scale and a layer; set its weight to 0")
        for layer in (*self.perceptual_layers, *self.detail_layers):
            if layer not in LAYERS:
                raise InputError(f"perceptual layer {layer!r} is none of {', '.join(LAYERS)}")


_NOT_NEGATIVE = (
    "pixel face perceptual detail spread equivariance jacobian tie consistency warping "
    "warping_perceptual adversarial adversarial_start adversarial_ramp feature_matching penalty "
    "eyes shut mouth temporal flow painted residual teacher"
).split()

_BASE = LossConfig(
    face=4.0,
    consistency=5.0,
    adversarial_ramp=0.2,
    feature_matching=10.0,
    penalty=1.0,
    augment=True,
    still_background=True,
    eyes=30.0,
    shut=4.0,
    mouth=30.0,
    temporal=5.0,
    flow=50.0,
    tie=10.0,
)

_LITE = replace(
    _BASE,
    spread=0.0,
    equivariance=0.0,
    tie=0.0,
    consistency=0.0,
    warping=2.0,
    warping_perceptual=0.0,
    adversarial=0.0,
    feature_matching=0.0,
    painted=5.0,
    residual=1.0,
    teacher=0.5,
)

_SMALL = replace(
    _LITE,
    pixel=30.0,
    perceptual_scales=SMALL_SCALES,
    perceptual_layers=SMALL_LAYERS,
    detail=10.0,
)

LOSSES: dict[str, LossConfig] = {
    "paper": LossConfig(flow=50.0, tie=10.0),
    "base": _BASE,
    "lite": _SMALL,
    "lite-sharp": replace(
        _SMALL,
        pixel=15.0,
        eyes=15.0,
        mouth=10.0,
        detail=20.0,
        adversarial=1.0,
        adversarial_ramp=0.1,
        feature_matching=10.0,
        augment=False,
        painted=1.0,
    ),
    "lite-full": _LITE,
    "baseline": LossConfig(
        pixel=0.0, spread=0.0, warping=0.0, warping_perceptual=0.0, adversarial=0.0, jacobian=10.0
    ),
}
"""``paper``: the paper's terms alone. ``base``: what small data needs, too. ``lite``: without a
discriminator, and with little of L_v, for two CPU cores; ``lite-sharp`` goes on from it with a
discriminator of crops, and less of the pixel losses, whose best guess at a mouth is fog;
``lite-full`` has all of L_v, for a GPU.
``baseline``: FOMM's own."""


@dataclass(frozen=True, kw_only=True)
class ReconstructionConfig:
    """Weights of what the reconstructor R learns."""

    pose: float = 5.0
    """Of rotation, place and scale, in deviations of the condition."""

    expression: float = 5.0
    """Of the 52 expressions, in deviations of the condition."""

    identity: float = 0.5
    """Of the identity vector: one picture says little of it."""

    landmarks: float = 50.0
    """Of the landmarks that the coefficients give through the face model (Deep3D's landmark loss):
    the one term that weighs all coefficients by what they move."""

    confidence: float = 0.5
    """Of the cross entropy of whether there is a face at all."""

    absent: float = 0.1
    """Share of the crops that are taken beside the face, where the confidence is to be 0."""

    def __post_init__(self) -> None:
        terms = (self.pose, self.expression, self.identity, self.landmarks, self.confidence)
        if min(terms) < 0 or not 0 <= self.absent < 1:
            raise InputError(f"weights must be at least 0 and absent in [0, 1): {self}")
