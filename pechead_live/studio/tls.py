"""The server's TLS from a certificate's files."""

import ssl
from pathlib import Path

from pechead_live.errors import InputError


def ssl_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer with the PEM file ``certificate``, its chain behind it.

    ``key``: the PEM file of its private key, not encrypted; None if it is in the same file. Raises
    `InputError`.
    """
    for path in (certificate, key or certificate):
        try:
            path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({error.strerror}): give the PEM files of a certificate "
                "and its key"
            ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_refused)
    except _EncryptedKeyError as error:
        raise InputError(
            f"the key in {key or certificate} is encrypted: decrypt it first, for example with "
            f"'openssl pkey -in {key or certificate} -out key.pem'"
        ) from error
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(
            f"{certificate} and {key or 'the key in it'} are not a certificate and its key "
            f"({reason}): give two PEM files that belong together"
        ) from error
    return context


class _EncryptedKeyError(Exception):
    """OpenSSL asks for a password; a server has nobody to ask."""


def _refused() -> str:
    raise _EncryptedKeyError
