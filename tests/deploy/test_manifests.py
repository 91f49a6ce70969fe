"""compose.yaml and the Kubernetes manifests: what each container may do, and that what they name exists."""

import re

import pytest
import yaml

from advisor import catalog
from advisor.encode import endpoints
from advisor.serve import uploads
from tests.deploy.replicas import DEPLOY

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text(encoding="utf-8"))
OBJECTS = {
    (found["kind"], found["metadata"]["name"]): found
    for file in KUSTOMIZATION["resources"]
    for found in yaml.safe_load_all((DEPLOY / file).read_text(encoding="utf-8"))
}
WORKLOADS = ["advisor", "tei"]


def pod(name: str) -> dict:
    return OBJECTS["Deployment", name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_changes_no_file_of_its_image_and_gains_no_rights(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert re.search(r":[\w.-]*\d+\.\d+\.\d+[\w.-]*$", service["image"])


def test_only_the_owner_of_the_weights_is_set_starts_as_root_and_may_do_nothing_else():
    assert [
        name for name, service in SERVICES.items() if str(service.get("user", "")).startswith("0")
    ] == ["weights-owner"]
    assert [name for name, service in SERVICES.items() if "cap_add" in service] == ["weights-owner"]
    assert (SERVICES["weights-owner"]["cap_add"], SERVICES["weights-owner"]["network_mode"]) == (
        ["CHOWN"],
        "none",
    )


def test_nginx_alone_publishes_a_port_and_the_encoder_is_reached_by_the_replicas_alone():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert COMPOSE["networks"]["encoders"]["internal"] is True
    assert COMPOSE["networks"]["pages"]["internal"] is True
    assert {
        name for name, service in SERVICES.items() if "encoders" in service.get("networks", ())
    } == {"advisor-1", "advisor-2", "tei"}
    assert not set(SERVICES["nginx"]["networks"]) & {"encoders", "outbound"}


def test_the_replicas_differ_in_their_address_alone():
    one, two = (
        {key: value for key, value in SERVICES[name].items() if key != "networks"}
        for name in ("advisor-1", "advisor-2")
    )
    assert one == two


def test_what_compose_mounts_and_reads_is_here():
    mounted = {part.split(":")[0] for service in SERVICES.values() for part in service["volumes"]}
    files = {part for part in mounted if part.startswith("./")}
    assert files == {"./nginx.conf", "./endpoints.yaml"}
    assert all((DEPLOY / part).is_file() for part in files)
    assert mounted - files == set(COMPOSE["volumes"])
    assert all((DEPLOY / f"{name}").is_file() for name in ("settings.env", "secrets.env.example"))


def test_a_replica_has_room_for_two_models_and_all_uploads_and_may_hold_the_files_of_many_visitors():
    unit = (DEPLOY / "systemd/bge-advisor@.service").read_text(encoding="utf-8")
    (container,) = pod("advisor")["containers"]
    limits = [
        SERVICES["advisor-1"]["mem_limit"],
        container["resources"]["limits"]["memory"],
        re.search(r"MemoryMax=(\S+)", unit)[1],
    ]
    weights = sorted(
        v.weights_bytes["fp32"] for v in catalog.load().variants.values() if v.local_files
    )
    for limit in limits:
        assert (
            int(limit.lower().removesuffix("i").removesuffix("g")) * 1e9
            > sum(weights[-2:]) + uploads.ALL + 1e9
        )
    assert SERVICES["advisor-1"]["ulimits"] == {"nofile": 8192}
    assert "LimitNOFILE=8192" in unit
    assert (
        "OOMPolicy=continue" in unit
    )  # systemd's own is to stop the service with any of its processes


def test_nginx_is_asked_for_its_health_with_what_its_image_has():
    assert SERVICES["nginx"]["healthcheck"]["test"] == [
        "CMD",
        "curl",
        "-fsS",
        "-o",
        "/dev/null",
        "http://127.0.0.1:8080/healthz",
    ]


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_meets_the_restricted_standard(name):
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    assert (
        OBJECTS["Namespace", "bge-advisor"]["metadata"]["labels"][
            "pod-security.kubernetes.io/enforce"
        ]
        == "restricted"
    )


def test_labels_services_and_policies_belong_together():
    for name in WORKLOADS:
        labels = OBJECTS["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        assert OBJECTS["Deployment", name]["spec"]["selector"]["matchLabels"] == labels
        assert OBJECTS["Service", name]["spec"]["selector"] == labels
        assert OBJECTS["NetworkPolicy", name]["spec"]["podSelector"]["matchLabels"] == labels
        assert (
            OBJECTS["Service", name]["spec"]["ports"][0]["targetPort"]
            == pod(name)["containers"][0]["ports"][0]["name"]
        )
    assert (
        OBJECTS["PodDisruptionBudget", "advisor"]["spec"]["selector"]
        == OBJECTS["Deployment", "advisor"]["spec"]["selector"]
    )
    assert OBJECTS["HorizontalPodAutoscaler", "tei"]["spec"]["scaleTargetRef"]["name"] == "tei"
    assert "replicas" not in OBJECTS["Deployment", "tei"]["spec"]
    assert OBJECTS["Deployment", "advisor"]["spec"]["replicas"] == 2


def test_pods_take_settings_secrets_and_endpoints_from_what_is_generated():
    made = {
        entry["name"]: entry
        for kind in ("configMapGenerator", "secretGenerator")
        for entry in KUSTOMIZATION[kind]
    }
    sources = [
        next(iter(part.values()))["name"] for part in pod("advisor")["containers"][0]["envFrom"]
    ]
    mounted = [
        volume["configMap"]["name"] for volume in pod("advisor")["volumes"] if "configMap" in volume
    ]
    assert sorted(sources + mounted) == sorted(made)
    assert (made["advisor-settings"]["envs"], made["advisor-secrets"]["envs"]) == (
        ["settings.env"],
        ["secrets.env"],
    )
    assert pod("advisor")["containers"][0]["image"] == KUSTOMIZATION["images"][0]["name"]


def test_every_ingress_but_the_operators_keeps_visits_on_their_pod_by_the_same_cookie():
    prefix = "nginx.ingress.kubernetes.io/"
    cookies = {
        name: {
            key.removeprefix(prefix): value
            for key, value in found["metadata"]["annotations"].items()
            if "cookie" in f"{key} {value}"
        }
        for (kind, name), found in OBJECTS.items()
        if kind == "Ingress"
    }
    assert cookies["advisor"] == cookies["advisor-api"]
    assert cookies["advisor"]["session-cookie-name"] == "advisor_replica"
    assert cookies["advisor"]["session-cookie-change-on-failure"] == "true"
    paths = [
        rule["path"]
        for rule in OBJECTS["Ingress", "advisor-operator"]["spec"]["rules"][0]["http"]["paths"]
    ]
    assert paths == ["/metrics", "/_stcore/metrics", "/_stcore/agent"]


def test_the_encoder_is_the_one_that_the_endpoints_name(catalog):
    (endpoint,) = endpoints.load(catalog.variants, DEPLOY / "endpoints.yaml").values()
    host, port = re.fullmatch(r"http://(\w+):(\d+)", endpoint.base_url).groups()
    (container,) = pod(host)["containers"]
    assert SERVICES[host]["command"] == container["args"]
    assert SERVICES[host]["image"] == container["image"]
    options = dict(zip(container["args"][::2], container["args"][1::2], strict=True))
    assert options == {
        "--model-id": endpoint.model,
        "--port": port,
        "--max-client-batch-size": str(endpoint.max_batch),
    }
    assert OBJECTS["Service", host]["spec"]["ports"][0]["port"] == int(port)
    assert catalog.variants[endpoint.variant].hub_id == endpoint.model
