"""A small store uses every kernel that a large one does."""

import importlib
import pkgutil

from vedette_server import storage
from vedette_server.compiled import CompiledKernel, compile_wanted


def kernels() -> dict[str, CompiledKernel]:
    """The kernels that are called from outside; what they call themselves comes with them."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(storage.__path__, "vedette_server.storage.")
        if module.name.endswith(".kernels")
    ]
    found = {
        f"{module.__name__}.{name}": kernel
        for module in modules
        for name, kernel in vars(module).items()
        if isinstance(kernel, CompiledKernel)
    }
    inner = {name for kernel in found.values() for name in kernel.py_func.__code__.co_names}
    return {name: kernel for name, kernel in found.items() if kernel.py_func.__name__ not in inner}


def test_every_kernel_is_compiled() -> None:
    storage.warm_up()
    compile_wanted()
    assert [name for name, kernel in kernels().items() if not kernel.overloads] == []
