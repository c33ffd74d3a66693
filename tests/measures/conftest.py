from collections.abc import Iterator

import pytest

from models.rollout import one_thread


@pytest.fixture(autouse=True, scope="module")
def small_tensors_on_one_thread() -> Iterator[None]:
    with one_thread():
        yield
