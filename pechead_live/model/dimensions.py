"""`Dimensions`: every number and switch of a PECHead in one place, and the presets.

The authors published no code, so widths and depths that the paper leaves open follow the works it
builds on: FOMM for the motion estimators, BasicVSR++ for the alignment.
"""

from dataclasses import dataclass

from pechead_live.errors import InputError
from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.facemodel.topology import IBUG_68, NETWORK_LANDMARKS

SETTINGS = ("kp", "lmk", "direct", "featcat", "mmfa", "full")
"""Of Table 4, from the learned keypoints alone to the whole model."""


@dataclass(frozen=True, kw_only=True)
class Dimensions:
    """Of one PECHead; two networks with equal dimensions have the same weights' shapes."""

    size: int = 256
    """Side of the pictures that go in, pixels; features are a quarter of it, f_low an eighth."""

    upscale: int = 1
    """The picture that comes out is this many times as large: 1, or 2 by a pixel-shuffle head."""

    setting: str = "full"
    """One of Table 4: which points move which features, and whether context is propagated."""

    width: int = 64
    """Channels of the encoder's first layer; f has 4 times as many, f_low 8 times."""

    preactivation: bool = True
    """ResBlocks are BN-ReLU-conv; otherwise conv-BN-ReLU, whose BN folds into the conv."""

    hourglass_width: int = 64
    """Channels of the motion estimators' last feature map f^m; each level down doubles it."""

    hourglass_cap: int = 1024
    """Most channels of a motion estimator's layer."""

    hourglass_depth: int = 5
    """Levels of a motion estimator; each halves the size."""

    keypoints: int = 10
    """K, learned by the estimator E (PECHead, 3.1)."""

    landmarks: int = len(IBUG_68)
    """N, predefined: the first N of the 70 of `facemodel.topology.NETWORK_LANDMARKS`."""

    condition: int = CONDITION_SIZE
    """Length of the condition c, pose and expression."""

    keypoint_variance: float = 0.01
    """Of a learned keypoint's Gaussian, in picture coordinates squared (FOMM)."""

    landmark_variance: float = 0.003
    """Of a predefined landmark's Gaussian: they lie closer together."""

    estimator_width: int = 32
    """Channels of the estimator E's first layer."""

    estimator_cap: int = 512
    """Most channels of a layer of E."""

    align_width: int = 64
    """Channels of the layers that compute offsets and masks (eq. 3)."""

    align_groups: int = 8
    """Groups of channels that a deformable convolution samples in places of their own."""

    fuse_kernel: int = 3
    """Of the convolution that brings the aligned f_low to f's channels: 1 or 3."""

    fuse_blocks: int = 2
    """ResBlocks after the fusion of the levels."""

    refine_blocks: int = 4
    """ResBlocks of the feature refinement FR (eq. 4)."""

    hidden: int = 128
    """Channels of the ConvGRU's hidden feature h."""

    discriminator_width: int = 64
    """Channels of the patch discriminators' first layer; training only."""

    prior_flow: bool = False
    """The predefined landmarks' estimator corrects a flow known from geometry instead of
    weighing the landmarks' own motions."""

    pose_jacobian: bool = False
    """A learned keypoint's motion turns and scales with the head (FOMM's Jacobian from pose)."""

    align_state: bool = False
    """The state is warped to the new driving frame before it is used."""

    dcn: bool = True
    """Alignment by deformable convolution; otherwise by the flow alone, for runtimes without it."""

    def __post_init__(self) -> None:
        if self.setting not in SETTINGS:
            raise InputError(f"setting {self.setting!r} is not in Table 4; use one of {SETTINGS}")
        if self.upscale not in (1, 2):
            raise InputError(f"upscale is {self.upscale}: pictures are drawn at 1 or 2 times size")
        if self.fuse_kernel not in (1, 3):
            raise InputError(f"fuse_kernel is {self.fuse_kernel}: use 1 or 3")
        step = max(8, 4 * 2**self.hourglass_depth)
        if self.size < step or self.size % step:
            raise InputError(
                f"size {self.size} does not halve {self.hourglass_depth} times in the motion "
                f"estimator: use a multiple of {step} pixels"
            )
        if not 0 < self.landmarks <= len(NETWORK_LANDMARKS):
            raise InputError(f"landmarks is {self.landmarks}: use 1 to {len(NETWORK_LANDMARKS)}")
        for name in COUNTS:
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}: use 1 or more")
        if min(self.keypoint_variance, self.landmark_variance) <= 0:
            raise InputError("the variances of keypoints and landmarks must be positive")
        if self.channels % self.align_groups:
            raise InputError(
                f"{self.channels} channels of f do not split into {self.align_groups} groups"
            )

    @property
    def grid(self) -> int:
        """Side h of f, of the flows and of the small pictures that Φ and E see: 64 for 256."""
        return self.size // 4

    @property
    def channels(self) -> int:
        """C2, channels of f."""
        return 4 * self.width

    @property
    def low_channels(self) -> int:
        """C1, channels of f_low."""
        return 8 * self.width


COUNTS = (
    "width hourglass_width hourglass_cap hourglass_depth keypoints condition estimator_width "
    "estimator_cap align_width align_groups hidden discriminator_width refine_blocks"
).split()
"""Fields that are 1 or more."""

PRESETS = {
    "paper": Dimensions(),
    "base": Dimensions(
        width=40,
        preactivation=False,
        hourglass_width=32,
        hourglass_cap=192,
        landmarks=len(NETWORK_LANDMARKS),
        estimator_width=24,
        estimator_cap=192,
        fuse_kernel=1,
        fuse_blocks=1,
        refine_blocks=2,
        hidden=64,
        discriminator_width=48,
        prior_flow=True,
        pose_jacobian=True,
        align_state=True,
    ),
    "toy": Dimensions(
        size=64,
        width=8,
        preactivation=False,
        hourglass_width=8,
        hourglass_cap=32,
        hourglass_depth=3,
        landmarks=len(NETWORK_LANDMARKS),
        estimator_width=8,
        estimator_cap=32,
        align_width=8,
        align_groups=2,
        fuse_kernel=1,
        fuse_blocks=1,
        refine_blocks=1,
        hidden=8,
        discriminator_width=8,
        prior_flow=True,
        pose_jacobian=True,
        align_state=True,
    ),
}
"""`paper`: as published. `base`: narrower, with the prior flow. `toy`: for tests, on a CPU."""


def preset(name: str) -> Dimensions:
    """The dimensions called ``name``."""
    if name not in PRESETS:
        raise InputError(f"there is no preset {name!r}; use one of {', '.join(PRESETS)}")
    return PRESETS[name]
