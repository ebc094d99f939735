"""Updates, one after the other; on a GPU they are captured once as CUDA graphs, and replayed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from wgan_aug.losses.objectives import kind_of
from wgan_aug.losses.protocol import Objective
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.rows import RowDraws
from wgan_aug.training.state import TrainingSettings, TrainingState
from wgan_aug.training.steps import critic_objectives, do_update

__all__ = ["CudaGraph", "Updates"]

_log = logging.getLogger(__name__)
_WARM = 3  # updates of a kind before one is captured: optimisers and libraries allocate what they keep
_KINDS = 8  # kinds of updates that are captured; each keeps memory of its own
_TOLERANCE = 0.05  # of the way that the weights go in an update

Steps = tuple[Objective, ...]
Figures = dict[str, Tensor]


class CudaGraph:
    """Work of a GPU, which can be done again on the same memory.

    Args:
        device: a GPU.
        generators: the random generators that the work draws from.
    """

    def __init__(self, device: torch.device, generators: Iterable[torch.Generator]) -> None:
        self._device, self._generators, self._graph = device, list(generators), torch.cuda.CUDAGraph()
        for generator in self._generators:
            self._graph.register_generator_state(generator)

    def record(self, work: Callable[[], Figures]) -> Figures:
        """Record what a function does, without doing it; the tensors that it returns have values after `replay`."""
        with torch.cuda.device(self._device):
            torchs_own = torch.cuda.default_generators[torch.cuda.current_device()]
            before = [(generator, generator.get_state()) for generator in (*self._generators, torchs_own)]
            try:
                with torch.cuda.graph(self._graph, stream=torch.cuda.Stream(self._device)):
                    return work()
            except BaseException:
                for generator, state in before:  # those of torch before 2.10 go on as if they were captured
                    generator.graphsafe_set_state(torch.Generator(self._device))
                    generator.set_state(state)
                raise

    def replay(self) -> None:
        """Do the work."""
        self._graph.replay()


class Updates:
    """Does updates, one after the other, with few words to the device.

    A small network's update is hundreds of small pieces of work, and a GPU waits for each of them to be asked for.
    Captured as a graph, they are asked for at once. There is a graph for each kind of update that an objective has:
    usually one, two where some steps have a penalty and others have not. The first updates of a kind are done as
    they are. Then one is done both ways from the same state, and the graph is kept if it goes the same way. What
    cannot be captured is done as it is, and the log says why.

    Args:
        state: networks and optimisers, changed in place.
        data: the rows.
        objective: the losses.
        settings: how to train.
        rows: which rows come next.
    """

    def __init__(
        self,
        state: TrainingState,
        data: DeviceRows,
        objective: Objective,
        settings: TrainingSettings,
        rows: RowDraws,
    ) -> None:
        self.state, self.data, self.objective, self.settings, self.rows = state, data, objective, settings, rows
        self._seen: Counter[Steps] = Counter()
        self._captured: dict[Steps, _Captured] = {}
        self.obstacle = self._find_obstacle() if state.replayed else ""
        if self.obstacle:
            _log.info("Updates are not captured: %s.", self.obstacle)

    def do(self) -> Figures:
        """Do the next update.

        Returns:
            the mean of each figure over the update's steps, scalars on the device; the next update may change them.
        """
        state = self.state
        steps = critic_objectives(self.objective, state.update, self.settings.n_critic)
        batches = (self.rows.draw() for _ in steps)
        # a graph needs its rows beforehand; so have all updates theirs then, and draw the same
        figures = self._replay(steps, list(batches)) if state.replayed else self._work(steps, batches)
        state.update += 1
        return figures

    def forget(self) -> None:
        """Capture anew from now on, since what graphs work on is not what it was."""
        self._seen.clear()
        self._captured.clear()

    def _find_obstacle(self) -> str:
        """Say why no update of a state that can be replayed is captured; empty where there is no reason."""
        state = self.state
        if state.ranks.count > 1:
            return "several processes train together"
        if not self.data.resident:
            return "rows come from the host's memory"
        if state.foreign:
            return "a network is not of this package, and may do other things each time"
        if kind_of(self.objective) is None:
            return "the objective is not of this package, and may do other things each time"
        return ""

    def _work(self, steps: Steps, batches: Iterable[Tensor]) -> Figures:
        """Do an update piece by piece."""
        state = self.state
        with state.drawing():
            figures = do_update(state, self.data, self.objective, self.settings, steps, batches)
        state.move_average()
        return figures

    def _replay(self, steps: Steps, batches: list[Tensor]) -> Figures:
        """Do an update by its graph where there is one, or can be."""
        if self.obstacle or self.state.slices > 1 or not self.state.grown:
            return self._work(steps, batches)
        if steps in self._captured:
            return self._captured[steps].replay(batches)
        self._seen[steps] += 1
        if self._seen[steps] <= _WARM or len(self._captured) == _KINDS:
            return self._work(steps, batches)
        return self._capture(steps, batches)

    def _capture(self, steps: Steps, batches: list[Tensor]) -> Figures:
        """Do an update both ways; keep its graph where both go the same way."""
        before = _Moment(self.state, self.data)
        figures = self._work(steps, batches)
        piecemeal = before.way()
        if not piecemeal.isfinite().all():
            return figures  # which training sees to
        try:
            before.restore()
            graph = CudaGraph(self.state.device, before.generators)
            captured = _Captured(graph, lambda inputs: self._work(steps, inputs), batches)
            before.restore()
            replayed = captured.replay(batches)
            off = float((before.way() - piecemeal).norm() / piecemeal.norm())
            if off <= _TOLERANCE:
                self._captured[steps] = captured
                return replayed
            self.obstacle = f"a captured update goes {off:.0%} another way"
        except (RuntimeError, AttributeError) as error:  # the latter where torch is too old
            self.obstacle = f"{type(error).__name__}: {error}"
        self.forget()
        _log.warning("Updates are not captured: %s. Training goes on without, and slower.", self.obstacle)
        before.restore()
        return self._work(steps, batches)


class _Captured:
    """A captured update: a graph, and the memory of what goes into it and comes out of it."""

    def __init__(self, graph: CudaGraph, work: Callable[[list[Tensor]], Figures], batches: list[Tensor]) -> None:
        # other rows than it is tried with first, so that this shows whether it heeds them
        self._graph, self._batches = graph, [torch.zeros_like(batch) for batch in batches]
        self._figures = graph.record(lambda: work(self._batches))

    def replay(self, batches: list[Tensor]) -> Figures:
        for memory, batch in zip(self._batches, batches, strict=True):
            memory.copy_(batch)
        self._graph.replay()
        return self._figures


class _Moment:
    """A state, and its random generators, to come back to."""

    def __init__(self, state: TrainingState, data: DeviceRows) -> None:
        self._state, self.generators = state, [state.rng, *data.generators()]
        self._kept = state.snapshot()
        self._random = [generator.get_state() for generator in self.generators]
        self._weights = self._flat()

    def restore(self) -> None:
        """Put all back, each thing where it was."""
        self._state.restore(self._kept)
        for generator, state in zip(self.generators, self._random, strict=True):
            generator.set_state(state)

    def way(self) -> Tensor:
        """Return how the weights differ from what they were, shape (weights,)."""
        return self._flat() - self._weights

    def _flat(self) -> Tensor:
        networks = self._state.generator, self._state.critic, self._state.average
        return torch.cat([part.detach().flatten() for network in networks for part in network.parameters()])
