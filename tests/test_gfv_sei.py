"""Levels go into generative face video SEI messages and come back."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pechead_live.calls.gfv_sei import PAYLOAD_TYPE, URI, gfv_messages, read_gfv_messages

FRAME = st.lists(st.integers(-32767, 32767), min_size=52, max_size=52)


@settings(deadline=None, max_examples=50)
@given(st.lists(FRAME, max_size=5))
def test_levels_come_back(levels: list[list[int]]) -> None:
    assert read_gfv_messages(gfv_messages(levels)) == [tuple(frame) for frame in levels]


def test_the_first_message_is_what_the_syntax_says_bit_by_bit() -> None:
    level = [0] * 52
    level[1] = -2
    (message,) = gfv_messages([level])
    assert message[0] == PAYLOAD_TYPE
    assert message[1] == len(message) - 2
    bits = "".join(f"{byte:08b}" for byte in message[2:])
    # gfv_id 0, gfv_cnt 0, base picture, generator, mode 1, then zeros until the next byte
    assert bits[:8] == "1" + "1" + "1" + "1" + "010" + "0"
    told = message[3:].split(b"\0")
    assert told[1] == URI.encode()
    rest = bits[8 + 8 * (len(told[0]) + len(told[1]) + 2) :]
    # no chroma key, confident, no coordinates, a matrix; precision 1, one type, of index 7, one
    # matrix 52 wide and 1 high
    head = "0" + "0" + "0" + "1" + "1" + "1" + "000111" + "1" + "00000110100" + "1"
    assert rest.startswith(head + "1" + "0" + "011" + "0" + "1" + "1" + "0")


def test_a_frame_without_change_is_two_bits_a_level() -> None:
    _, same = gfv_messages([[5] * 52] * 2)
    assert len(same) == 2 + (1 + 3 + 1 + 3 + 1 + 104 + 7) // 8


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
def test_bytes_that_nobody_wrote_are_refused(messages: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_gfv_messages(messages)


def test_another_order_and_a_cut_are_refused() -> None:
    messages = gfv_messages([[1] * 52, [2] * 52, [3] * 52])
    for wrong in ([messages[1]], [messages[0], messages[2]], [messages[0][:-1]], [messages[0][:9]]):
        with pytest.raises(ValueError, match=r".+"):
            read_gfv_messages(wrong)
    with pytest.raises(ValueError, match="52"):
        gfv_messages([[1, 2, 3]])
