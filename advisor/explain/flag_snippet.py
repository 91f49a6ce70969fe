"""Code for FlagEmbedding, BAAI's own library, by the class that the catalog names."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.catalog.instructions import TASK, instructed
from advisor.explain.snippet import PASSAGES, QUERY, SCORES, UNIT_LENGTH, Snippet, literal
from advisor.explain.snippet_target import Target

NAME = "FlagEmbedding"
DEFAULT_TOKENS = 512
"""Where it cuts unless max_length is passed [fe-142]."""
M3_OUTPUTS = {
    "dense": ("return_dense", 'print(queries["dense_vecs"] @ passages["dense_vecs"].T)'),
    "sparse": (
        "return_sparse",
        'words = queries["lexical_weights"], passages["lexical_weights"]\n'
        "print(model.compute_lexical_matching_score(*words))",
    ),
    "multi_vector": (
        "return_colbert_vecs",
        'query = queries["colbert_vecs"][0]\n'
        'print([model.colbert_score(query, passage) for passage in passages["colbert_vecs"]])',
    ),
}
"""By output, the argument that asks M3's class for it and the line that scores passages by it."""


def flag_snippet(target: Target) -> Snippet | None:
    """The code; None where the catalog names no class or no package."""
    variant, limit = target.variant, target.variant.max_tokens
    pip_line, python_class = target.pip_line(NAME), variant.runtimes[NAME].python_class
    if pip_line is None or python_class is None:
        return None
    arguments = ",\n    ".join([literal(target.hub_id), *_options(target, python_class)])
    length = [f"max_length={limit}"] if limit else []
    if variant.kind == "reranker":
        calls = f"""\
query = {literal(QUERY)}
passages = {literal(list(PASSAGES))}
pairs = [(query, passage) for passage in passages]
print(model.compute_score({", ".join(["pairs", *length, "normalize=True"])}))
"""
    else:
        first, asked, shown = _outputs(target, python_class, length)
        calls = f"""\
{first}queries = model.encode_queries({", ".join([literal([QUERY]), *asked])})
passages = model.encode_corpus({", ".join([literal(list(PASSAGES)), *asked])})
{shown}
"""
    code = f"""\
{pip_line}
from FlagEmbedding import {python_class}

model = {python_class}(
    {arguments},
)
{calls}"""
    notes = [SCORES if variant.kind == "reranker" else UNIT_LENGTH]
    if limit and limit > DEFAULT_TOKENS:
        notes.append(f"Without max_length it cuts at {DEFAULT_TOKENS} tokens.")
    if target.is_half_on_cpu:
        notes.append("FlagEmbedding runs float32 on a CPU; the cost is for fp16.")
    if _has_many_gpus(target):
        notes.append("To use all GPUs, remove devices and make the calls from a main function.")
    return Snippet(NAME, NAME, "python", code, target.notes(*notes, *target.tried(NAME)))


def _options(target: Target, python_class: str) -> Iterator[str]:
    """What the class is told beside the name of the weights."""
    variant, instruction = target.variant, target.variant.query_instruction
    if variant.kind == "embedder" and instruction:
        pattern, text = "{}{}", instructed(variant, "")
        if "{task}" in instruction and "{query}" in instruction:
            pattern = instruction.replace("{task}", "{}").replace("{query}", "{}")
            text = TASK
        yield f"query_instruction_for_retrieval={literal(text)}"
        yield f"query_instruction_format={literal(pattern)}"
    if python_class == "FlagModel" and variant.pooling:
        yield f"pooling_method={literal(variant.pooling)}"
    if variant.kind == "embedder":
        yield "normalize_embeddings=True"
    # where no precision is chosen: half, which it leaves out on a CPU
    yield f"use_fp16={target.precision != 'fp32'}"
    if _has_many_gpus(target):
        # it would start a process for each, which runs this file again
        yield 'devices=["cuda:0"]'


def _has_many_gpus(target: Target) -> bool:
    return target.instance is not None and target.instance.accelerator_count > 1


def _outputs(target: Target, python_class: str, length: list[str]) -> tuple[str, list[str], str]:
    """The line before the calls, what these ask for beside texts, and how passages are scored."""
    if python_class != "BGEM3FlagModel":
        return "", length, "print(queries @ passages.T)"
    wanted = target.outputs or target.variant.runtimes[NAME].outputs or ("dense",)
    flags = [f"{flag}={output in wanted}" for output, (flag, _) in M3_OUTPUTS.items()]
    lines = ",\n    ".join([*length, *flags])
    scores = "\n".join(line for output, (_, line) in M3_OUTPUTS.items() if output in wanted)
    return f"asked = dict(\n    {lines},\n)\n", ["**asked"], scores
