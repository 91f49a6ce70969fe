import pytest

from advisor.explain.starting_code import starting_code


@pytest.mark.parametrize(
    "variant", ["bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base"]
)
def test_the_code_to_start_is_python_with_its_instruction_filled_in(catalog, variant):
    code = starting_code(catalog.variants[variant])
    compile(code, variant, "exec")
    assert repr(catalog.variants[variant].hub_id) in code and "{" not in code
    assert ("is optional, and its tokens not in the cost" in code) == (variant.endswith("en-v1.5"))
