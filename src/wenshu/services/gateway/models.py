"""Which models there are, and which of them a name means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wenshu.core.llm.failover import Guarded
from wenshu.kit.errors import NotFound
from wenshu.services.gateway.setups import Setup

DEFAULT = "default"
EXTRACTIVE = "wenshu-extractive"
"""No model: sentences of the conversation and the library that answer, with their sources."""


@dataclass(frozen=True, slots=True)
class Models:
    """The server's models by name; ``default`` are those to try in turn where nothing else is named."""

    guarded: Mapping[str, Guarded] = field(default_factory=dict[str, Guarded])
    default: Sequence[str] = (EXTRACTIVE,)

    @property
    def names(self) -> list[str]:
        """What can be asked for beside a tenant's aliases."""
        return [DEFAULT, *self.guarded, EXTRACTIVE]

    def known(self, name: str) -> bool:
        """Whether a model of the server has this name."""
        return name == EXTRACTIVE or name in self.guarded

    def meant(self, setup: Setup, name: str, *, otherwise_default: bool) -> Sequence[str]:
        """The models to try in turn. Raises NotFound naming ``model`` for a name that nobody has."""
        targets = setup.aliases.get(name)
        if targets is None and self.known(name):
            return (name,)
        if targets is None and (name == DEFAULT or otherwise_default):
            targets = setup.aliases.get(DEFAULT, self.default)
        # A model that the server has no more is passed over: the next one of the list may be there.
        there = [target for target in targets or () if self.known(target)]
        if there:
            return there
        raise NotFound(f"模型不存在: {name}", field="model")

    async def close(self) -> None:
        """Close the models' connections."""
        for one in self.guarded.values():
            await one.relay.close()
