"""Asking a studio's server through its HTTP API."""

import json
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from pechead_live.errors import DeviceError, InputError
from pechead_live.studio.remote.link import Link

PASSING = (408, 429, 500, 502, 503, 504)
"""Status of a refusal that may be another one a little later."""

ANSWER_S = 10.0
"""How long the server may take to answer."""


class UnreachableError(DeviceError):
    """No answer came, or none of a studio."""


class RefusedError(InputError):
    """The server answered that it will not."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """``status``, ``code``, ``message``: as the API tells them."""
        super().__init__(f"the server refused: {message}")
        self.status, self.code = status, code

    @property
    def passing(self) -> bool:
        """Whether asking again later may help."""
        return self.status in PASSING


class StudioClient:
    """Every request carries the token, over a connection whose certificate is verified, and follows
    no redirection: the token goes to the server of the link and nowhere else."""

    def __init__(self, link: Link) -> None:
        """In an event loop, as an ``async with`` block."""
        headers = {} if link.token is None else {"Authorization": f"Bearer {link.token}"}
        self._place = link.place
        self._session = ClientSession(headers=headers)

    async def ask(
        self, method: str, path: str, body: object = None, *, seconds: float = ANSWER_S
    ) -> Any:
        """The JSON that ``path``, below /api/v1, answers; None where the answer has no body.

        ``body``: of JSON, or bytes as they are. Raises `RefusedError`, and `UnreachableError` if
        nothing of a studio answers in time.
        """
        try:
            async with self._session.request(
                method,
                f"{self._place}/api/v1{path}",
                json=None if isinstance(body, bytes) else body,
                data=body if isinstance(body, bytes) else None,
                timeout=ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as answer:
                status, text = answer.status, await answer.text()
        except (ClientError, TimeoutError, OSError, UnicodeError) as error:
            raise UnreachableError(
                f"{self._place} does not answer ({str(error) or type(error).__name__}): check "
                "that 'pechead-live serve' or 'call host' runs there and that this machine reaches "
                "it"
            ) from error
        try:
            told: Any = json.loads(text) if text else None
            if status >= 400:
                raise RefusedError(status, told["error"]["code"], told["error"]["message"])
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, RefusedError):
                raise
            raise self._no_studio(status) from error
        if status >= 300:
            raise self._no_studio(status)
        return told

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    def _no_studio(self, status: int) -> UnreachableError:
        return UnreachableError(
            f"{self._place} answers as no studio does (status {status}): give the link that "
            "'pechead-live serve' printed"
        )
