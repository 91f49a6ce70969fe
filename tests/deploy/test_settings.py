"""The operator's files: each setting is explained and read, and each file says what the code and the other files say."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from streamlit import config

from advisor.encode import endpoints
from tests.deploy.replicas import ADDRESSES, DEPLOY, ROOT

SETTING = re.compile(r"(?:# )?([A-Z][A-Z0-9_]+)=")
LINES = {
    name: (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    for name in ("settings.env", "secrets.env.example")
}
NAMES = {
    name: [found[1] for line in lines if (found := SETTING.match(line))]
    for name, lines in LINES.items()
}


def read_by_the_code() -> set[str]:
    """Names of ADVISOR_ that stand as a text of their own in the code."""
    files = [
        ROOT / "app.py",
        ROOT / "asgi.py",
        *(ROOT / "advisor").rglob("*.py"),
        *(ROOT / "pages").rglob("*.py"),
    ]
    nodes = (
        node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )
    texts = (
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if re.fullmatch("ADVISOR_[A-Z0-9_]+", text)}


def test_the_settings_are_those_that_the_code_reads():
    own = [name for name in NAMES["settings.env"] if name.startswith("ADVISOR_")]
    assert len(own) == len(set(own))
    assert set(own) == read_by_the_code()


def test_each_setting_of_streamlit_is_one_that_it_has():
    known = {option.env_var for option in config.get_config_options().values()}
    asked = {name for names in NAMES.values() for name in names if name.startswith("STREAMLIT_")}
    assert len(asked) > 5
    assert asked <= known


@pytest.mark.parametrize("file", LINES)
def test_each_setting_has_its_reason_above_it(file):
    for number, line in enumerate(LINES[file]):
        if SETTING.match(line):
            above = LINES[file][number - 1]
            assert SETTING.match(above) or re.match("# .{20}", above), line


def test_no_secret_stands_in_a_file_of_the_project():
    assert all(
        line.endswith("=")
        for line in LINES["secrets.env.example"]
        if line and not line.startswith("#")
    )
    assert not [name for name in NAMES["settings.env"] if re.search("KEY|TOKEN|SECRET", name)]
    assert "secrets.env" in (DEPLOY / ".gitignore").read_text(encoding="utf-8").splitlines()


def uncommented(text: str) -> str:
    """The file with the entry that it shows as a comment."""
    return re.sub(r"(?m)^  # (?=- |  )", "  ", text)


@pytest.mark.parametrize(
    "number", [1, 2], ids=["as it stands", "with the entry that is commented out"]
)
def test_the_endpoints_load_and_name_their_variants(tmp_path, catalog, number):
    text = (DEPLOY / "endpoints.yaml").read_text(encoding="utf-8")
    path = tmp_path / "endpoints.yaml"
    path.write_text(text if number == 1 else uncommented(text), encoding="utf-8")
    found = endpoints.load(catalog.variants, path)
    assert len(found) == number
    assert all(endpoint.variant for endpoint in found.values())
    used = {field for entry in yaml.safe_load(uncommented(text))["endpoints"] for field in entry}
    assert used == set(endpoints.Endpoint.model_fields)


def test_every_line_of_the_endpoints_is_explained():
    first = (
        (DEPLOY / "endpoints.yaml")
        .read_text(encoding="utf-8")
        .split("endpoints:\n")[1]
        .split("\n\n")[0]
    )
    assert all(re.search("# .{15}", line) for line in first.splitlines())


def test_nginx_streamlit_and_the_settings_agree_on_the_largest_upload():
    conf = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    with (ROOT / ".streamlit/config.toml").open("rb") as file:
        megabytes = tomllib.load(file)["server"]["maxUploadSize"]
    assert f"STREAMLIT_SERVER_MAX_UPLOAD_SIZE={megabytes}" in LINES["settings.env"]
    assert re.findall(r"client_max_body_size (\w+);", conf) == [f"{megabytes}m"]
    ingress = yaml.safe_load_all((DEPLOY / "kubernetes/ingress.yaml").read_text(encoding="utf-8"))
    bodies = {
        part["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/proxy-body-size")
        for part in ingress
    }
    assert bodies == {f"{megabytes}m", None}


def test_nginx_names_the_replicas_where_compose_puts_them():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    port = re.search(r"EXPOSE (\d+)", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[1]
    placed = [
        compose["services"][name]["networks"]["pages"]["ipv4_address"]
        for name in ("advisor-1", "advisor-2")
    ]
    assert tuple(f"{address}:{port}" for address in placed) == ADDRESSES
    subnet = compose["networks"]["pages"]["ipam"]["config"][0]["subnet"]
    assert f"FORWARDED_ALLOW_IPS={subnet}" in LINES["settings.env"]
    assert (
        Path(ROOT / "deploy/nginx.conf").read_text(encoding="utf-8").count(ADDRESSES[0]) == 4
    )  # one in the head's comment
