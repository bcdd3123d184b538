"""The files of `deploy/`: what they name exists, and the programs that they are for take them."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ruamel.yaml import YAML

from handrail.config import PREFIX, Settings
from web.house import opened

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
FILES = sorted(one for one in DEPLOY.iterdir() if one.is_file())
METRIC = re.compile(r"\bhandrail_[a-z_]+")
VARIABLE = re.compile(rf"\b{PREFIX}([A-Z_]+)\b")
OURS = frozenset({"CONFIG", "PASSWORD"})  # the file of the settings; and a name of compose's own


def read(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"`{name}` is not installed")
    return found


def run(*words: str, **more: Any) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **more)
    assert done.returncode == 0, done.stdout + done.stderr


def strange_metrics(text: str, known: set[str]) -> set[str]:
    return set(METRIC.findall(text)) - known


def test_the_alerts_are_about_figures_that_there_are(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.turn("c1", "I want to talk to a human")
        told = house.client.get("/metrics").text
    known = set(re.findall(r"^(handrail_[a-z_]+)", told, re.MULTILINE))
    assert "handrail_overdue" in known
    assert strange_metrics(read("alerts.yaml"), known) == set()
    assert strange_metrics("handrail_overdoo > 1", known) == {"handrail_overdoo"}
    labels = {name for line in told.splitlines() for name in re.findall(r'([a-z]+)="', line)}
    used = set(re.findall(r"\$labels\.([a-z]+)", read("alerts.yaml"))) - {"instance"}
    assert used <= labels
    assert 'route="/v1/cases/{case}/turns"' in told


def strange_settings(text: str) -> set[str]:
    known = {name.upper() for name in Settings.model_fields} | OURS
    return set(VARIABLE.findall(text)) - known


@pytest.mark.parametrize("file", FILES, ids=lambda one: one.name)
def test_the_settings_that_a_file_names_exist(file: Path) -> None:
    assert strange_settings(file.read_text("utf-8")) == set()


def test_a_setting_that_is_not_there_is_seen() -> None:
    assert strange_settings("HANDRAIL_DATABSE_URL=x HANDRAIL_HOST=y") == {"DATABSE_URL"}


def test_a_proxy_takes_bodies_as_long_as_we_do() -> None:
    least = Settings.model_fields["body_limit"].default
    found = re.findall(r"client_max_body_size (\d+)m;", read("nginx.conf"))
    for name in ("Caddyfile", "compose.Caddyfile"):
        found += re.findall(r"max_size (\d+)MB", read(name))
    assert len(found) == 3
    assert all(int(one) * 1_000_000 >= least for one in found)


def test_nobody_outside_reads_the_figures_and_events_are_not_buffered() -> None:
    nginx = read("nginx.conf")
    assert re.search(r"location = /metrics \{\s+return 404;", nginx)
    assert re.search(r"location = /v1/events \{[^}]*proxy_buffering off;", nginx)
    for name in ("Caddyfile", "compose.Caddyfile"):
        assert "respond /metrics 404" in read(name)
        assert "flush_interval -1" in read(name)


def test_the_compose_file_is_of_one_database_three_servers_and_a_proxy() -> None:
    found = YAML(typ="safe").load(read("compose.yaml"))
    services = found["services"]
    assert set(services) == {"db", "server1", "server2", "server3", "proxy"}
    asked = set(re.findall(r"(server\d):8177", read("compose.Caddyfile")))
    assert asked == {"server1", "server2", "server3"}
    for name in asked:
        assert services[name]["depends_on"] == {"db": {"condition": "service_healthy"}}
        trusted = services[name]["environment"]["HANDRAIL_PROXIES"]
        assert trusted == services["proxy"]["networks"]["inside"]["ipv4_address"]
    volumes = {one.partition(":")[0] for kind in services.values() for one in kind["volumes"]}
    assert {one for one in volumes if not one.startswith(".")} == set(found["volumes"])


def test_the_image_runs_as_nobody_special_and_without_a_compiler() -> None:
    build, final = read("Containerfile").split("FROM ")[1:]
    assert "build-essential" in build
    assert "build-essential" not in final
    assert re.search(r"^USER 10001", final, re.MULTILINE)
    assert "/healthz" in final


def test_the_stop_of_the_unit_leaves_the_time_that_a_clean_stop_needs() -> None:
    found = re.search(r"TimeoutStopSec=(\d+)", read("handrail.service"))
    assert found
    assert int(found[1]) > Settings.model_fields["stop_within"].default


# What the programs say of them


def certificate(folder: Path) -> None:
    """A certificate that the example names, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "handrail.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    plain = serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form, plain))


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    nginx = program("nginx")
    certificate(tmp_path)
    text = read("nginx.conf").replace("/etc/ssl/handrail", str(tmp_path))
    (tmp_path / "handrail.conf").write_text(text)
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ include {tmp_path}/handrail.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    run(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))
    (tmp_path / "handrail.conf").write_text(text.replace("proxy_buffering", "proxy_bufering"))
    with pytest.raises(AssertionError, match="unknown directive"):
        run(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))


@pytest.mark.parametrize("name", ["Caddyfile", "compose.Caddyfile"])
def test_caddy_takes_its_file(name: str, tmp_path: Path) -> None:
    caddy = program("caddy")
    home = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    given = ("--adapter", "caddyfile", "--config", str(DEPLOY / name))
    run(caddy, "validate", *given, env=home)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    here = tmp_path / "handrail"
    here.write_text("#!/bin/sh\n")
    here.chmod(0o755)
    unit = tmp_path / "handrail.service"
    unit.write_text(read("handrail.service").replace("/opt/handrail/bin/handrail", str(here)))
    run(analyze, "verify", str(unit))
    unit.write_text(unit.read_text().replace("Type=exec", "Type=exce"))
    done = subprocess.run(
        [analyze, "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "exce" in done.stderr


def test_prometheus_takes_its_files(tmp_path: Path) -> None:
    promtool = program("promtool")
    for name in ("prometheus.yaml", "alerts.yaml"):
        shutil.copy(DEPLOY / name, tmp_path)
    run(promtool, "check", "config", str(tmp_path / "prometheus.yaml"))
    run(promtool, "check", "rules", str(tmp_path / "alerts.yaml"))
