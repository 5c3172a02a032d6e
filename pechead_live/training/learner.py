"""`Learner`: the networks while they learn, and one step of learning."""

import random
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pechead_live.errors import InputError
from pechead_live.model.tensor_file import load_into
from pechead_live.training.average import average_of, decay_at, update_average
from pechead_live.training.batches.batch import Batch
from pechead_live.training.config import TrainConfig
from pechead_live.training.distributed import Processes, anywhere
from pechead_live.training.optimiser import (
    learning_rate,
    make_optimiser,
    moments,
    parameters_of,
    set_learning_rate,
    set_moments,
)
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.run.state_file import below, named
from pechead_live.training.synchronised_norm import synchronise_norms


class Learned(NamedTuple):
    """What a step says of itself; of this process's share of the batch."""

    terms: dict[str, Tensor]
    """Weighted losses, ``discriminator`` among them where there is one."""

    loss: float
    """Sum of the generator's terms."""

    gradient_norm: float
    """Of the generator, before it was shortened."""

    good: bool
    """False if something was not finite anywhere: nothing was learned."""


class Learner:
    """Weights, their moving average and Adam's memory."""

    def __init__(self, recipe: Recipe, config: TrainConfig, here: Processes) -> None:
        """Takes the recipe's networks to the device and makes them ready for many processes."""
        self._recipe, self._config, self._here = recipe, config, here
        self.network, self.discriminator = recipe.network, recipe.discriminator
        for network in self._networks():
            network.to(here.device)
            if config.channels_last:
                _lay_channels_last(network)
        self.average = average_of(self.network)
        if here.world > 1:
            for network in self._networks():
                synchronise_norms(network)
        if config.compiled:
            for network in self._networks():
                for part in network.children():
                    part.compile()
        groups = recipe.parameter_groups(self.network)
        self._adam = make_optimiser(groups, config)
        self._terms = _spread(_Terms(recipe), here)
        self._judge = self._discriminator_adam = None
        self._steady: list[Tensor] = []
        if self.discriminator is not None:
            group = {"params": list(self.discriminator.parameters())}
            self._discriminator_adam = make_optimiser([group], config)
            self._judge = _spread(_Judgement(recipe, self.discriminator), here)
            self._steady = [buffer.clone() for buffer in self.discriminator.buffers()]

    def learn(self, batch: Batch, step: int) -> Learned:
        """One step. Everything random in it depends on the seed, the step and the process alone."""
        config = self._config
        number = config.seed * 1_000_003 + step
        # Python's chances are the same everywhere: they choose what is computed, and processes that
        # normalise together must compute the same. torch's are values, and each has its own.
        random.seed(number)
        torch.manual_seed((number * 4096 + self._here.rank) % 2**62)
        terms, loss, pictures = self._generator_gradients(batch, step)
        norm = nn.utils.clip_grad_norm_(parameters_of(self._adam), config.clip_norm)
        told = [loss.detach(), norm]
        if self._judge is not None and self._recipe.adversarial_weight(step, config.steps) > 0:
            assert self.discriminator is not None
            verdict = self._discriminator_gradients(batch, pictures)
            terms["discriminator"] = verdict.detach()
            parameters = list(self.discriminator.parameters())
            told += [verdict.detach(), nn.utils.clip_grad_norm_(parameters, config.clip_norm)]
        numbers = torch.stack([value.float() for value in told])
        finite = bool(torch.isfinite(numbers).all())
        (bad,) = anywhere([not finite], self._here)
        if bad:
            self._forget()
        else:
            self._take(learning_rate(step, config), decay_at(step, config.average_decay))
        for network in self._networks():  # also of weights that this stage does not train
            network.zero_grad(set_to_none=True)
        loss_value, norm_value, *_ = numbers.tolist()
        return Learned(terms, loss_value, norm_value, not bad)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a run needs to go on."""
        found = named("network.", self.network.state_dict())
        found |= named("average.", self.average.state_dict())
        found |= named("adam.", moments(self._adam, self.network))
        if self.discriminator is not None and self._discriminator_adam is not None:
            found |= named("discriminator.", self.discriminator.state_dict())
            remembered = moments(self._discriminator_adam, self.discriminator)
            found |= named("discriminator_adam.", remembered)
        return found

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Goes on from what `tensors` gave; `InputError` if the networks are others."""
        load_into(self.network, below("network.", tensors))
        load_into(self.average, below("average.", tensors))
        set_moments(self._adam, self.network, below("adam.", tensors))
        if self.discriminator is not None and self._discriminator_adam is not None:
            weights = below("discriminator.", tensors)
            if not weights:
                raise InputError("the run has no discriminator: start another with --init")
            self.load_discriminator(weights)
            remembered = below("discriminator_adam.", tensors)
            set_moments(self._discriminator_adam, self.discriminator, remembered)

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """A new run from the weights of another."""
        load_into(self.network, weights)
        load_into(self.average, weights)

    def load_discriminator(self, weights: dict[str, Tensor]) -> None:
        """The discriminator of another run, where this one has one too."""
        if self.discriminator is not None and weights:
            load_into(self.discriminator, weights)
            self._steady = [buffer.clone() for buffer in self.discriminator.buffers()]

    def _generator_gradients(
        self, batch: Batch, step: int
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        if self.discriminator is not None:
            self.discriminator.requires_grad_(False)  # it only judges here
        with self._precision():
            terms, pictures = self._terms(batch, step, self._config.steps)
        loss = torch.stack([term.float() for term in terms.values()]).sum()
        loss.backward()
        return {name: term.detach() for name, term in terms.items()}, loss, pictures

    def _discriminator_gradients(self, batch: Batch, pictures: Tensor) -> Tensor:
        assert self._judge is not None and self.discriminator is not None
        self.discriminator.requires_grad_(True)
        with self._precision():
            verdict: Tensor = self._judge(batch, pictures)
        verdict.backward()
        return verdict

    def _take(self, rate: float, decay: float) -> None:
        """The step itself."""
        for adam in self._optimisers():
            set_learning_rate(adam, rate)
            adam.step()  # of a discriminator that was not asked it finds no gradients
        update_average(self.average, self.network, decay)
        if self.discriminator is not None:
            for mine, theirs in zip(self._steady, self.discriminator.buffers(), strict=True):
                mine.copy_(theirs)

    def _forget(self) -> None:
        """Running statistics have seen what was not finite: back to those of the last good step."""
        for mine, good in zip(self.network.buffers(), self.average.buffers(), strict=True):
            mine.copy_(good)
        if self.discriminator is not None:
            for mine, good in zip(self.discriminator.buffers(), self._steady, strict=True):
                mine.copy_(good)

    def _precision(self) -> torch.autocast:
        reduced = self._config.precision == "bf16"
        return torch.autocast(self._here.device.type, torch.bfloat16, enabled=reduced)

    def _networks(self) -> list[nn.Module]:
        return [net for net in (self.network, self.discriminator) if net is not None]

    def _optimisers(self) -> list[torch.optim.Adam]:
        return [adam for adam in (self._adam, self._discriminator_adam) if adam is not None]


class _Terms(nn.Module):
    """The generator's losses as a module: DistributedDataParallel follows what runs inside one."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.network = recipe.network
        self._losses = recipe.losses

    def forward(self, batch: Batch, step: int, steps: int) -> tuple[dict[str, Tensor], Tensor]:
        terms, pictures = self._losses(batch, step, steps)
        return terms, pictures.detach()


class _Judgement(nn.Module):
    """The discriminator's loss as a module, for the same reason."""

    def __init__(self, recipe: Recipe, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator
        self._loss = recipe.discriminator_loss

    def forward(self, batch: Batch, pictures: Tensor) -> Tensor:
        return self._loss(batch, pictures)


def _lay_channels_last(network: nn.Module) -> None:
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.ndim == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)


def _spread(module: nn.Module, here: Processes) -> nn.Module:
    """``module`` with gradients averaged over the processes; statistics are the same anyway."""
    if here.world == 1:
        return module
    return DistributedDataParallel(module, broadcast_buffers=False, find_unused_parameters=True)
