"""Work spread over processes: one may die, a full disk ends the run."""

import pytest
from data_samples import minus_one, square_or_die

from pechead_live.errors import OutputError
from pechead_live.training.data.processes import in_processes


def test_every_item_is_worked_on_once_in_two_processes():
    assert sorted(in_processes(square_or_die, range(6), 2, minus_one)) == [0, 1, 4, 9, 16, 25]


def test_a_process_that_dies_costs_its_own_item_only():
    done = list(in_processes(square_or_die, [1, 13, 2, 3], 2, minus_one))
    assert sorted(done) == [-13, 1, 4, 9]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_disk_ends_the_run_with_its_sentence(workers: int):
    with pytest.raises(OutputError, match="free some space"):
        list(in_processes(square_or_die, [1, 99, 2, 3, 4, 5], workers, minus_one))


def test_no_item_is_no_work():
    assert list(in_processes(square_or_die, [], 2, minus_one)) == []
