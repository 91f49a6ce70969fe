"""What code to copy is to run where: a variant, its outputs, and the machine if one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.catalog.schema import Instance, RuntimeInstall, Variant
from advisor.explain.snippet import cut_note, literal, text_notes

DTYPES = {"fp32": "float32", "fp16": "float16"}


@dataclass(frozen=True)
class Target:
    """A variant on a machine, or on any one where `instance` is None.

    `outputs` are those wanted of an embedder; None: all that a runtime returns.
    """

    catalog: Catalog
    variant: Variant
    hub_id: str
    outputs: tuple[str, ...] | None = None
    instance: Instance | None = None
    precision: str | None = None
    workload: Workload | None = None

    @property
    def dtype(self) -> str | None:
        """The type of the weights; None where the library's own default is taken."""
        return DTYPES.get(self.precision or "")

    @property
    def is_arm(self) -> bool | None:
        """Whether the machine computes on an ARM processor; None where that is not known."""
        cpu = self.instance.cpu if self.instance else None
        return "NEON" in self.catalog.cpus[cpu].isa if cpu else None

    @property
    def is_half_on_cpu(self) -> bool:
        """Whether the cost is for fp16 on a CPU, where some runtimes compute in fp32 alone."""
        on_cpu = self.instance is not None and self.instance.accelerator is None
        return on_cpu and self.precision == "fp16"

    def is_named_for(self, runtime: str) -> bool:
        """Whether the catalog names the variant with a runtime, for every output wanted."""
        entry = self.variant.runtimes.get(runtime)
        if entry is None or entry.support not in ("listed", "partial"):
            return False
        wanted = self.outputs or ("dense",)
        return self.variant.kind == "reranker" or set(wanted) <= set(entry.outputs or ("dense",))

    def install(self, runtime: str) -> RuntimeInstall | None:
        """How a runtime is installed; None where the catalog does not say."""
        return next((r for r in self.catalog.runtimes.values() if r.name == runtime), None)

    def pip_line(self, runtime: str) -> str | None:
        """The comment that says how a runtime's packages are installed; None: not known."""
        install = self.install(runtime)
        if install is None or not install.packages:
            return None
        packages = (literal(name) if "<" in name else name for name in install.packages)
        return f"# pip install {' '.join(packages)}"

    def tried(self, runtime: str) -> tuple[str, ...]:
        """The note of the versions that the code ran with."""
        install = self.install(runtime)
        return (
            (f"Tried with {install.tried}, on a CPU with a small test model.",)
            if install and install.tried
            else ()
        )

    def notes(self, *last: str) -> tuple[str, ...]:
        """What to mind of the texts, then `last`, then what the code leaves out of the plan."""
        limit = self.variant.max_tokens
        notes = [*text_notes(self.variant, limit, self.workload), cut_note(self.variant, limit)]
        if self.precision == "int8":
            last = (*last, "The cost is for int8 weights, which this code does not load.")
        return (*notes, *last)
