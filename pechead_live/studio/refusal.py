"""`ApiRefusal`: a request that is not done, and how any exception becomes the API's error JSON."""

from collections.abc import Mapping

from aiohttp import web

from pechead_live.errors import (
    DeviceError,
    InputError,
    MissingAssetError,
    MissingDependencyError,
    NoFaceError,
)

_OF_AIOHTTP = {
    404: ("unknown_path", "there is no such path: the API's are below /api/v1"),
    405: ("bad_method", "this path does not take this method: see the Allow header"),
    408: ("too_slow", "the request did not arrive in time: send it again"),
    413: ("too_large", "the body is larger than this path takes: send less"),
    415: ("bad_type", "this content type is not taken: send application/json"),
}
"""Status of an error that aiohttp itself raises, to our code and message."""

_NOT_REPEATED = ("content-type", "content-length")
"""Headers of aiohttp's own errors that describe their text, which is replaced."""


class ApiRefusal(Exception):  # noqa: N818 (no fault of the program: an answer)
    """A request that is refused. Raised anywhere below a handler; the gate answers with it."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """``status``: of HTTP, 400 to 599. ``code``: for programs. ``message``: one sentence for
        people. ``headers``: further ones of the answer, such as Retry-After (seconds)."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


def refusal_of(error: Exception) -> ApiRefusal:
    """What a client is told of ``error``.

    Of what nobody foresaw it is no more than that (code "internal"): the caller logs it.
    """
    if isinstance(error, ApiRefusal):
        return error
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error)
    if isinstance(error, web.RequestPayloadError):
        return ApiRefusal(400, "bad_body", "the body is cut off or damaged: send it again")
    if isinstance(error, NoFaceError):
        return ApiRefusal(400, "no_face", str(error))
    if isinstance(error, InputError):
        return ApiRefusal(400, "bad_field", str(error))
    if isinstance(error, DeviceError):
        return ApiRefusal(503, "no_device", str(error))
    if isinstance(error, (MissingAssetError, MissingDependencyError)):
        return ApiRefusal(
            503, "not_installed", "a model or library is missing on the server: see its log"
        )
    return ApiRefusal(500, "internal", "something went wrong on the server: see its log")


def error_response(refusal: ApiRefusal) -> web.Response:
    """The answer that tells of ``refusal``: ``{"error": {"code": ..., "message": ...}}``."""
    told = {"error": {"code": refusal.code, "message": refusal.message}}
    return web.json_response(told, status=refusal.status, headers=refusal.headers)


def _of_aiohttp(error: web.HTTPException) -> ApiRefusal:
    code, message = _OF_AIOHTTP.get(error.status, ("bad_request", "this request is not understood"))
    if error.status >= 500:
        code, message = "internal", "something went wrong on the server: see its log"
    kept = {k: v for k, v in error.headers.items() if k.lower() not in _NOT_REPEATED}
    return ApiRefusal(error.status, code, message, kept)
