"""`pechead::DeformIm2Col` as a TensorRT plugin, for both flavours of TensorRT.

TensorRT's Python bindings turn an exception of a callback into its error code, but print only half
a line of it; here each is logged as well and kept for `last_failure`. An engine with the plugin
needs `register` before it is parsed or opened, in every process.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from engines.dcn.definition import (
    DOMAIN,
    KERNEL_SIZE,
    NAME,
    OFFSET_GROUP,
    VERSION,
    check_attributes,
    sizes_of,
)
from engines.dcn.kernel import launch, load_kernel
from pechead_live.errors import InputError, OutputError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

VERSION_FIELD = "version"
"""Serialised besides the attributes."""

TACTIC = 1
"""There is one way to compute it; TensorRT counts them from 1."""

_creators: dict[str, Any] = {}
"""By module name. The registry keeps no reference of its own."""

_failures: list[Exception] = []
"""The last one."""


def register(trt: Any) -> None:
    """Makes the operator known to ``trt``, the module "tensorrt_rtx" or "tensorrt"; again is
    harmless. `OutputError` if its registry refuses it."""
    registry = trt.get_plugin_registry()
    if registry.get_creator(NAME, str(VERSION), DOMAIN) is not None:
        return
    creator = _creator_class(trt)()
    if not registry.register_creator(creator, DOMAIN):
        raise OutputError(
            f"{trt.__name__} {trt.__version__} refuses the plugin {DOMAIN}::{NAME}: "
            "install the version that pyproject.toml names"
        )
    _creators[trt.__name__] = creator


def last_failure() -> Exception | None:
    """What went wrong in a callback since the last call; None if nothing did."""
    return _failures.pop() if _failures else None


def kind_of(trt: Any, x: Any, offset: Any) -> str:
    """Of the kernel, for the types of x and offset. `InputError` if there is none."""
    kinds = {
        (trt.float32, trt.float32): "f32",
        (trt.float16, trt.float16): "f16",
        (trt.float16, trt.float32): "f16_offset_f32",
    }
    if (x, offset) not in kinds:
        raise InputError(f"{NAME} takes float32 or float16, not {x} and {offset}: export again")
    return kinds[x, offset]


def _told(callback: Callable[P, R]) -> Callable[P, R]:
    """Logs the call, and what it raises before TensorRT makes an error code of it."""
    name = callback.__name__

    @functools.wraps(callback)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        logger.debug("%s", name)
        try:
            return callback(*args, **kwargs)
        except Exception as error:
            logger.exception("%s::%s failed in %s", DOMAIN, NAME, name)
            _failures[:] = [error]
            raise

    return called


@functools.cache
def _creator_class(trt: Any) -> Any:
    plugin = _plugin_class(trt)
    number = trt.PluginFieldType.INT32

    class Creator(trt.IPluginCreatorV3One):
        """Makes plugins from a node's attributes or from an engine's fields."""

        def __init__(self) -> None:
            super().__init__()
            self.name = NAME
            self.plugin_namespace = DOMAIN
            self.plugin_version = str(VERSION)
            empty = np.array([], np.int32)
            fields = [trt.PluginField(name, empty, number) for name in (KERNEL_SIZE, OFFSET_GROUP)]
            self.field_names = trt.PluginFieldCollection(fields)

        @_told
        def create_plugin(self, name: str, fields: Any, phase: Any) -> Any:
            del name, phase
            given = {field.name: int(field.data[0]) for field in fields if field.size == 1}
            if given.get(VERSION_FIELD, VERSION) != VERSION:
                raise InputError(
                    f"the engine calls version {given[VERSION_FIELD]} of {NAME}, this program has "
                    f"{VERSION}: build it again with 'pechead-export tensorrt'"
                )
            if not {KERNEL_SIZE, OFFSET_GROUP} <= given.keys():
                raise InputError(f"a {NAME} has the fields {sorted(given)}: export it again")
            return plugin(given[KERNEL_SIZE], given[OFFSET_GROUP])

    return Creator


@functools.cache
def _plugin_class(trt: Any) -> Any:
    number = trt.PluginFieldType.INT32

    class DeformIm2Col(
        trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime
    ):
        """x (B, C, H, W), offset, mask to columns (B, C · k², H, W); see the kernel's source."""

        def __init__(self, kernel_size: int, groups: int) -> None:
            for part in (
                trt.IPluginV3,
                trt.IPluginV3OneCore,
                trt.IPluginV3OneBuild,
                trt.IPluginV3OneRuntime,
            ):
                part.__init__(self)
            check_attributes(kernel_size, groups)
            self.plugin_name = NAME
            self.plugin_namespace = DOMAIN
            self.plugin_version = str(VERSION)
            self.num_outputs = 1
            self._kernel_size = kernel_size
            self._groups = groups
            # TensorRT keeps addresses of these, so they live as long as the plugin.
            numbers = {KERNEL_SIZE: kernel_size, OFFSET_GROUP: groups, VERSION_FIELD: VERSION}
            self._numbers = {name: np.array([each], np.int32) for name, each in numbers.items()}
            self._fields = trt.PluginFieldCollection(
                [trt.PluginField(name, each, number) for name, each in self._numbers.items()]
            )

        def get_capability_interface(self, kind: Any) -> Any:
            del kind
            return self

        @_told
        def clone(self) -> Any:
            return DeformIm2Col(self._kernel_size, self._groups)

        @_told
        def get_fields_to_serialize(self) -> Any:
            return self._fields

        @_told
        def get_output_data_types(self, types: Sequence[Any]) -> list[Any]:
            return [types[0]]

        @_told
        def get_output_shapes(self, inputs: Any, shape_inputs: Any, exprs: Any) -> list[Any]:
            del shape_inputs
            columns = trt.DimsExprs(inputs[0])
            taps = exprs.constant(self._kernel_size**2)
            columns[1] = exprs.operation(trt.DimensionOperation.PROD, inputs[0][1], taps)
            return [columns]

        @_told
        def supports_format_combination(self, at: int, described: Any, inputs: int) -> bool:
            del inputs
            here, x = described[at].desc, described[0].desc
            if here.format != trt.TensorFormat.LINEAR:
                return False
            offset_in_float32 = at == 1 and here.type == trt.float32
            known = here.type in (trt.float32, trt.float16)
            return known and (here.type == x.type or offset_in_float32)

        @_told
        def configure_plugin(self, inputs: Any, outputs: Any) -> None:
            del outputs
            dims = [tuple(each.desc.dims) for each in inputs]
            if all(min(each) > 0 for each in dims):
                sizes_of(*dims, kernel=self._kernel_size, groups=self._groups)

        @_told
        def get_workspace_size(self, inputs: Any, outputs: Any) -> int:
            del inputs, outputs
            return 0

        @_told
        def get_valid_tactics(self) -> list[int]:
            return [TACTIC]

        @_told
        def set_tactic(self, tactic: int) -> None:
            del tactic

        @_told
        def attach_to_context(self, context: Any) -> Any:
            del context
            return self.clone()

        @_told
        def on_shape_change(self, inputs: Any, outputs: Any) -> None:
            # Loaded here and not by the first frame, which a CUDA graph may be capturing.
            del outputs
            self._sizes(inputs)
            load_kernel()

        @_told
        def enqueue(
            self,
            inputs: Any,
            outputs: Any,
            given: Sequence[int],
            made: Sequence[int],
            workspace: int,
            stream: int,
        ) -> None:
            del outputs, workspace
            kind = kind_of(trt, inputs[0].type, inputs[1].type)
            pointers = (given[0], given[1], given[2], made[0])
            launch(load_kernel(), self._sizes(inputs), kind, pointers, stream)

        def _sizes(self, inputs: Any) -> Any:
            dims = [tuple(each.dims) for each in inputs]
            return sizes_of(*dims, kernel=self._kernel_size, groups=self._groups)

    return DeformIm2Col
