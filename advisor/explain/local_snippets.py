"""Code that runs a variant on a machine of one's own: TEI, sentence-transformers, FlagEmbedding."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from advisor.catalog.instructions import instructed
from advisor.catalog.schema import DockerImages
from advisor.explain.flag_snippet import flag_snippet
from advisor.explain.snippet import (
    PASSAGES,
    QUERY,
    SCORES,
    UNIT_LENGTH,
    Snippet,
    curl,
    embedded,
    literal,
)
from advisor.explain.snippet_target import Target

PORTS = {"embedder": 8080, "reranker": 8081}
"""Two, as both steps of a pipeline may share a machine."""


def local_snippets(target: Target) -> list[Snippet]:
    """Code for each runtime that the catalog names for the variant, a server first."""
    return [
        snippet
        for runtime, maker in _MAKERS.items()
        if target.is_named_for(runtime) and (snippet := maker(target))
    ]


def _tei(target: Target) -> Snippet | None:
    """The server in Docker and a call to it; None where no image is for the machine."""
    install = target.install("TEI")
    images = install.images if install else None
    image = _image(target, images) if images else None
    if images is None or image is None:
        return None
    variant, port = target.variant, PORTS[target.variant.kind]
    gpu = "--gpus all " if image == images.cuda else ""
    options = f"--model-id {shlex.quote(target.hub_id)}"
    if variant.kind == "embedder" and variant.pooling not in (None, "none"):
        options += f" --pooling {variant.pooling.replace('_', '-')}"
    if target.dtype and not target.is_half_on_cpu:  # the CPU image stops at float16
        options += f" --dtype {target.dtype}"
    if variant.kind == "reranker":
        path, last = "rerank", SCORES
        body = {"query": QUERY, "texts": list(PASSAGES), "raw_scores": False, "truncate": True}
    else:
        path, last = "embed", UNIT_LENGTH
        body = {"inputs": embedded(variant), "normalize": True, "truncate": True}
    code = f"""\
# 1. Start the server. It downloads the weights first.
docker run {gpu}-p {port}:80 -v "$PWD/data:/data" \\
  {image} \\
  {options}

# 2. Once it is ready, in another terminal:
{curl(f"http://127.0.0.1:{port}/{path}", body)}"""
    notes = [last, "One request takes up to 32 texts; --max-client-batch-size raises that."]
    if target.is_half_on_cpu:
        notes.append("TEI's CPU image runs float32; the cost is for fp16.")
    if target.instance is None and images.cuda:
        notes.append(f"With an NVIDIA GPU add --gpus all and use {images.cuda}.")
    if image == images.cpu_x86 and images.cpu_arm and target.is_arm is None:
        notes.append(f"On an ARM processor use {images.cpu_arm}.")
    return Snippet("tei", "TEI (Docker)", "bash", code, target.notes(*notes))


def _image(target: Target, images: DockerImages) -> str | None:
    """The image for the machine, or for any CPU; None where there is none for its accelerator."""
    instance = target.instance
    if instance is None or instance.accelerator is None:
        return images.cpu_arm if target.is_arm else images.cpu_x86
    capability = target.catalog.accelerators[instance.accelerator].compute_capability
    least = images.cuda_capability_from
    return images.cuda if capability is not None and capability >= least else None


def _sentence_transformers(target: Target) -> Snippet | None:
    name, variant, limit = "sentence-transformers", target.variant, target.variant.max_tokens
    pip_line = target.pip_line(name)
    if pip_line is None:
        return None
    dtype = f', model_kwargs={{"dtype": "{target.dtype}"}}' if target.dtype else ""
    if variant.kind == "reranker":
        length = f", max_length={limit}" if limit else ""
        code = f"""\
{pip_line}
from sentence_transformers import CrossEncoder
from torch.nn import Sigmoid

model = CrossEncoder({literal(target.hub_id)}{length}{dtype})
query = {literal(QUERY)}
passages = {literal(list(PASSAGES))}
pairs = [(query, passage) for passage in passages]
print(model.predict(pairs, activation_fn=Sigmoid()))
"""
        last = SCORES
    else:
        length = f"model.max_seq_length = {limit}\n" if limit else ""
        code = f"""\
{pip_line}
from sentence_transformers import SentenceTransformer

model = SentenceTransformer({literal(target.hub_id)}{dtype})
{length}queries = {literal([instructed(variant, QUERY)])}
passages = {literal(list(PASSAGES))}
query_vectors = model.encode(queries, normalize_embeddings=True)
passage_vectors = model.encode(passages, normalize_embeddings=True)
print(query_vectors @ passage_vectors.T)
"""
        last = UNIT_LENGTH
    return Snippet(name, name, "python", code, target.notes(last, *target.tried(name)))


_MAKERS: dict[str, Callable[[Target], Snippet | None]] = {
    "TEI": _tei,
    "sentence-transformers": _sentence_transformers,
    "FlagEmbedding": flag_snippet,
}
