"""Groups of expressions."""

from pechead_live.expression_groups import BROWS, GAZE, LIDS, MOUTH, OPPOSITES
from pechead_live.expressions import EXPRESSION_NAMES, MIRROR_EXPRESSION, mirror_name

GROUPS = (BROWS, LIDS, GAZE, MOUTH)


def test_every_expression_is_in_exactly_one_group():
    indices = sorted(i for group in GROUPS for i in group)
    assert indices == list(range(len(EXPRESSION_NAMES)))


def test_groups_look_the_same_in_a_mirror():
    for group in GROUPS:
        assert {MIRROR_EXPRESSION[i] for i in group} == set(group)


def test_opposites_are_opposites_in_a_mirror_too():
    pairs = {frozenset(pair) for pair in OPPOSITES}
    assert {frozenset(MIRROR_EXPRESSION[i] for i in pair) for pair in pairs} == pairs
    assert mirror_name("eyeLookOutLeft") == "eyeLookOutRight"
