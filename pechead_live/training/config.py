"""`TrainConfig`: everything a training run is told, on one screen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pechead_live.errors import InputError
from pechead_live.training.data.manifest import LONGEST

STAGES = ("0", "1a", "1b", "2", "3")
"""0 reconstructor, or motion alone; 1a image pairs; 1b with the discriminator; 2 clips; 3 lite."""

MOST_STEPS, MOST_EXAMPLES = 10**9, 2**16
"""Of a run, and of a step: more is a slip of the keyboard."""

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A run. Checked where it is made: `InputError` names the option that cannot be used."""

    preset: str
    """Of the network: lite-s, lite-m, base, paper, toy, reconstructor, baseline, baseline-toy."""

    stage: str
    """What is trained, and with which losses."""

    setting: str | None = None
    """One of table 4, of a PECHead; None takes the preset's own."""

    data: Path
    """Folder that `pechead-live data prepare` has filled."""

    photos: Path | None = None
    """Folder that `pechead-live data prepare --layout photos` has filled, to learn from as well."""

    photos_share: float = 0.4
    """Of the examples that are photos, where there are any."""

    jitter: float = 0.1
    """Largest change of brightness, contrast, saturation and hue, the same in all of an example."""

    run: Path
    """Folder of the run; one that holds a checkpoint is continued."""

    steps: int
    """Steps of the whole run; the schedule of the learning rate is counted in them."""

    minutes: float | None = None
    """Stop after so much time, wherever the run is; the same command continues it."""

    batch: int = 48
    """Examples of a step, over all processes."""

    frames: int = 1
    """T of a clip; 1 for image pairs."""

    still: float = 1.0
    """Share of steps whose source stands still; the paper's sources move, a photo never does."""

    learning_rate: float = 2e-4
    """After the warm-up and before the first milestone; FOMM's."""

    betas: tuple[float, float] = (0.5, 0.999)
    """Of Adam; FOMM's."""

    milestones: tuple[float, ...] = (0.6, 0.9)
    """Shares of the run after which the learning rate is multiplied by ``decay``."""

    decay: float = 0.1
    """What it is multiplied by there."""

    warm_up: int = 200
    """Steps in which the learning rate rises from almost nothing."""

    average_decay: float = 0.999
    """Of the moving average of the weights, which is what is used in the end."""

    clip_norm: float = 1.0
    """Longest gradient; a longer one is shortened to it."""

    bad_limit: int = 20
    """So many steps without a finite loss in a row end the run."""

    seed: int = 0
    """Of the examples, and of everything random in the losses."""

    workers: int = 0
    """Processes that make examples ahead of time; 0 makes them in between."""

    device: str = "auto"
    """auto is the GPU if there is one; or cpu, cuda, cuda:1."""

    precision: Precision = "fp32"
    """bf16 runs matrix products and convolutions in bfloat16; weights stay fp32."""

    channels_last: bool = False
    """Weights and pictures lie in memory as B H W C, which tensor cores want."""

    compiled: bool = False
    """Compile the parts of the network; the first steps take minutes then."""

    checkpoint_seconds: float = 120.0
    """Between two checkpoints; one more is written at the end."""

    probe_seconds: float = 300.0
    """Between two looks at the held-out people: a picture grid and the validation error."""

    log_every: int = 10
    """Steps between two lines of metrics."""

    validation: float = 0.1
    """Share of the people that is never trained on."""

    validation_batches: int = 4
    """Fixed batches of held-out people that a look goes through."""

    start: Path | None = None
    """A checkpoint of the same preset whose weights a new run starts from, for a lite also one of a
    smaller lite; or "imagenet": R's trunk starts from EfficientNet-Lite0's published weights."""

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise InputError(f"stage is {self.stage!r}: it is one of {', '.join(STAGES)}")
        if self.precision not in get_args(Precision):
            raise InputError(f"precision is {self.precision!r}: it is fp32 or bf16")
        least: dict[str, tuple[float, float]] = {
            "steps": (self.steps, 1),
            "batch": (self.batch, 1),
            "frames": (self.frames, 1),
            "warm-up": (self.warm_up, 0),
            "bad limit": (self.bad_limit, 1),
            "workers": (self.workers, 0),
            "log every": (self.log_every, 1),
            "validation batches": (self.validation_batches, 1),
            "seed": (self.seed, 0),
            "checkpoint seconds": (self.checkpoint_seconds, 0),
            "probe seconds": (self.probe_seconds, 0),
        }
        for name, (value, limit) in least.items():
            if not value >= limit:
                raise InputError(f"{name} is {value}: it must be at least {limit:g}")
        for name, (value, limit) in {
            "steps": (self.steps, MOST_STEPS),
            "batch": (self.batch, MOST_EXAMPLES),
            "frames": (self.frames, LONGEST),
        }.items():
            if value > limit:
                raise InputError(f"{name} is {value}: it must be at most {limit}")
        above_zero = {
            "learning rate": self.learning_rate,
            "clip norm": self.clip_norm,
            "decay": self.decay,
            "minutes": 1.0 if self.minutes is None else self.minutes,
        }
        for name, value in above_zero.items():
            if not 0 < value < float("inf"):
                raise InputError(f"{name} is {value}: it must be a number above 0")
        shares = {
            "average decay": self.average_decay,
            "validation": self.validation,
            "jitter": self.jitter,
        }
        for name, share in {"still": self.still, "photos share": self.photos_share}.items():
            if not 0 <= share <= 1:
                raise InputError(f"{name} is {share}: it must be in [0, 1]")
        for name, value in (*shares.items(), *(("beta", beta) for beta in self.betas)):
            if not 0 <= value < 1:
                raise InputError(f"{name} is {value}: it must be in [0, 1)")
        if list(self.milestones) != sorted(self.milestones) or not all(
            0 < share < 1 for share in self.milestones
        ):
            raise InputError(
                f"milestones are {self.milestones}: rising shares of the run in (0, 1)"
            )
