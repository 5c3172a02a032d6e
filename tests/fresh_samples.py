"""Fresh stills for tests: one of somebody's camera, and what is said of it."""

from dataclasses import replace
from functools import cache

import numpy as np
from still_samples import astronaut
from stream_motion import MOTION

from pechead_live.avatar.still import Edition, Still, still_of
from pechead_live.calling.ladder.fresh_still import told_still
from pechead_live.calling.messages import Message, read_message, write_message

ANCHOR = replace(MOTION[10], translation=np.array([0.1, -0.05], np.float32), scale=0.37)


@cache
def taken(height: int = 128) -> Still:
    """A still of somebody's camera."""
    return still_of(astronaut(), Edition(height=height, most_bytes=4000))


def said(still: Still) -> Message:
    message = read_message(write_message(told_still(still, ANCHOR)))
    assert message is not None
    return message
