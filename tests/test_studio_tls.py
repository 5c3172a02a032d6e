"""TLS from a certificate's files: it works in a browser's hands, or is refused in one sentence."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from pechead_live.errors import InputError
from pechead_live.studio.access_token import new_token
from pechead_live.studio.gate import GateConfig, add_gate
from pechead_live.studio.tls import ssl_context


def certificate(folder: Path, name: str, password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate for localhost and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    sealed = (
        serialization.NoEncryption()
        if password is None
        else serialization.BestAvailableEncryption(password)
    )
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, sealed))
    return paths


def test_the_link_s_cookie_is_secure_over_tls(tmp_path: Path) -> None:
    paths = certificate(tmp_path, "one")
    token = new_token()
    trusting = ssl.create_default_context(cafile=paths[0])
    trusting.check_hostname = False  # it is for localhost, the test server for 127.0.0.1

    async def work() -> None:
        app = web.Application()
        add_gate(app, GateConfig(hosts=frozenset({"127.0.0.1"}), token=token))
        server = TestServer(app, scheme="https")
        await server.start_server(ssl=ssl_context(*paths))
        async with server, ClientSession() as session:
            link = f"https://127.0.0.1:{server.port}/?token={token}"
            async with session.get(link, ssl=trusting, allow_redirects=False) as answer:
                assert answer.status == 303
                assert "Secure" in answer.headers["Set-Cookie"]

    asyncio.run(work())


def test_certificate_and_key_may_be_one_file(tmp_path: Path) -> None:
    one, key = certificate(tmp_path, "one")
    one.write_bytes(one.read_bytes() + key.read_bytes())
    assert ssl_context(one).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("missing", "cannot be read"),
        ("folder", "cannot be read"),
        ("text", "PEM files"),
        ("no key", "PEM files"),
        ("another key", "belong together"),
        ("encrypted", "is encrypted: decrypt it first"),
    ],
)
def test_what_is_no_certificate_is_refused_in_one_sentence(
    tmp_path: Path, case: str, reason: str
) -> None:
    one, _ = certificate(tmp_path, "one")
    text = tmp_path / "text.pem"
    text.write_text("a letter")
    files: dict[str, tuple[Path, Path | None]] = {
        "missing": (tmp_path / "none.pem", None),
        "folder": (one, tmp_path),
        "text": (text, text),
        "no key": (one, None),
        "another key": (one, certificate(tmp_path, "two")[1]),
        "encrypted": certificate(tmp_path, "sealed", b"a password"),
    }
    with pytest.raises(InputError, match=reason) as caught:
        ssl_context(*files[case])
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
