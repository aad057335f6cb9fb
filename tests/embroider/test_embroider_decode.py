"""The decoders against bytes put together by hand from the formats' facts, and against rubbish."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl_exporters.embroider.decode import COLOR, MOVE, STITCH, TRIM, StitchFileError, decode
from pixl_exporters.embroider.plan import make_plan
from pixl_exporters.embroider.verify import verify
from pixl_exporters.embroider.write import FORMATS, stitch_file
from tests.embroider.maps import blobs, pattern


def dst(*records: tuple[int, int, int]) -> bytes:
    return b"LA:HAND".ljust(512) + b"".join(bytes(record) for record in records)


def test_dst_bits() -> None:
    # +81 x, +9 y up; then -1 x, -27 y up; a jump of +3 x; a colour; a stitch of +1 x; the end
    data = dst((0x20, 0, 0x07), (0x02, 0x10, 0x03), (0, 0x01, 0x83), (0, 0, 0xC3), (0x01, 0, 0x03), (0, 0, 0xF3))
    decoded = decode(data, name="a.dst")
    assert decoded.points.tolist() == [[81, -9], [80, 18], [83, 18], [83, 18], [84, 18]]
    assert decoded.kinds.tolist() == [STITCH, STITCH, MOVE, COLOR, STITCH]
    assert decoded.header["records"] == 6
    assert decoded.ended


def test_dst_every_step_has_one_reading() -> None:
    """All 243 sums of +-1, 3, 9, 27, 81 on one axis are different: the table is a ternary number."""
    signs = np.array(np.meshgrid(*[[-1, 0, 1]] * 5)).reshape(5, -1).T
    records, sums = [], []
    bits = [((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 2), (0, 3)), ((1, 2), (1, 3)), ((2, 2), (2, 3))]
    for row in signs:
        record = [0, 0, 3]
        for sign, (plus, minus) in zip(row, bits, strict=True):
            if sign:
                byte, bit = plus if sign > 0 else minus
                record[byte] |= 1 << bit
        records.append(tuple(record))
        sums.append(int(row @ [1, 3, 9, 27, 81]))
    points = decode(dst(*records, (0, 0, 0xF3)), name="a.dst").points
    assert np.diff(np.concatenate([[0], points[:, 0]])).tolist() == sums
    assert sorted(sums) == list(range(-121, 122))


def test_dst_three_moves_are_a_cut_and_two_are_not() -> None:
    stitch, move, end = (1, 0, 3), (1, 0, 0x83), (0, 0, 0xF3)
    two = decode(dst(stitch, move, move, stitch, end), name="a.dst")
    three = decode(dst(stitch, move, move, move, stitch, end), name="a.dst")
    assert TRIM not in two.kinds
    assert [run.floats for run in two.runs()] == [1]
    assert (three.kinds == TRIM).sum() == 1
    assert len(three.runs()) == 2
    assert TRIM not in decode(dst(stitch, move, move, move, stitch, end), name="a.dst", trim_at=4).kinds
    assert TRIM not in decode(dst(move, move, move, stitch, end), name="a.dst").kinds


def pec(stream: bytes, indices: bytes = b"\x01", size: tuple[int, int] = (0, 0)) -> bytes:
    head = b"LA:HAND".ljust(19) + b"\r" + b" " * 12 + b"\xff\x00\x06\x26" + b" " * 12
    assert len(head) == 48
    head = (head + bytes([len(indices) - 1]) + indices).ljust(512, b" ")
    block = b"\0\0" + (len(stream) + 16).to_bytes(3, "little") + b"\x31\xff\xf0"
    block += size[0].to_bytes(2, "little") + size[1].to_bytes(2, "little") + b"\xe0\x01\xb0\x01"
    return b"#PEC0001" + head + block + stream


def test_pec_short_and_long_steps() -> None:
    stream = bytes([0x90, 0x05, 0x9F, 0xFF])  # jump +5, -1 in long form
    stream += bytes([0x3F, 0x40])  # +63, -64 in short form
    stream += bytes([0x87, 0xFF, 0x88, 0x00])  # +2047, -2048 in long form, no flag: a stitch
    stream += bytes([0xFE, 0xB0, 0x02])  # colour
    stream += bytes([0xA0, 0x01, 0xA0, 0x01])  # trim, then move +1, +1
    stream += bytes([0x00, 0x00, 0xFF])
    decoded = decode(pec(stream, b"\x01\x05"), name="a.pec")
    assert decoded.points.tolist() == [[5, -1], [68, -65], [2115, -2113], [2115, -2113], [2116, -2112], [2116, -2112]]
    assert decoded.kinds.tolist() == [MOVE, STITCH, STITCH, COLOR, MOVE, STITCH]
    assert decoded.header["first"] == "J"
    assert [thread.name for thread in decoded.threads] == ["Prussian Blue", "Red"]


def test_a_stitch_that_no_head_sews_is_a_problem_and_a_move_is_not() -> None:
    long, short = bytes([0x80, 0xC8, 0x00]), bytes([0x05, 0x05])  # +200, 0 and +5, +5
    move = bytes([0xA0, 0xC8, 0xA0, 0x00])
    assert not verify(pec(short + long + short + b"\xff"), name="a.pec").sewable
    verdict = verify(pec(short + move + short + b"\xff"), name="a.pec")
    assert verdict.sewable
    assert len(verdict.runs) == 2


def test_a_file_of_a_thousand_cuts_is_no_design() -> None:
    loop = bytes([0x80, 0x80, 7, 0, 1, 1, 0x80, 0x80, 7, 0, 255, 255])
    assert len(verify(loop * 1000, name="a.exp").runs) == 2000
    with pytest.raises(StitchFileError, match="cuts its thread"):
        verify(loop * 100_001, name="a.exp")


def test_exp_words() -> None:
    data = bytes([0x05, 0x03, 0x80, 0x04, 0xFF, 0x01, 0x80, 0x80, 0x07, 0x00, 0x80, 0x01, 0, 0, 0x81, 0x80])
    decoded = decode(data, name="a.exp")
    assert decoded.points.tolist() == [[5, -3], [4, -4], [4, -4], [4, -4], [-123, 124]]
    assert decoded.kinds.tolist() == [STITCH, MOVE, TRIM, COLOR, STITCH]


def test_jef_words() -> None:
    stream = bytes([5, 3, 0x80, 2, 1, 1, 0x80, 2, 1, 1, 0x80, 2, 1, 1, 0, 0, 0x80, 1, 0, 0, 1, 1, 0x80, 0x10])
    words = [0x74 + 8, 0x14, 0, 0, 0, 0, 1, len(stream) // 2, 1] + [0] * 20
    head = b"".join(word.to_bytes(4, "little") for word in words) + (3).to_bytes(4, "little") + b"\r\0\0\0"
    decoded = decode(head + stream, name="a.jef")
    assert decoded.kinds.tolist() == [STITCH, TRIM, MOVE, MOVE, MOVE, STITCH, COLOR, STITCH]
    assert decoded.penetrations.tolist() == [[5, -3], [8, -6], [9, -7]]
    assert decoded.threads[0].name == "Yellow"
    assert decoded.ended
    assert not decode(head + stream[:-2], name="a.jef").ended


def test_xxx_words() -> None:
    stream = bytes([5, 3, 0x7D, 0x2C, 0x01, 0xD4, 0xFE, 0x7F, 3, 0, 0, 0x7F, 1, 2, 2, 0x7F, 8, 0, 0, 0, 0])
    head = bytearray(256)
    head[0x27] = 2
    data = bytes(head) + stream + b"\x7f\x7f\x02\x14\0\0" + bytes([0, 1, 2, 3, 0, 4, 5, 6])
    decoded = decode(data, name="a.xxx")
    assert decoded.points.tolist() == [[5, -3], [305, 297], [305, 297], [307, 295], [307, 295], [307, 295]]
    assert decoded.kinds.tolist() == [STITCH, MOVE, TRIM, MOVE, COLOR, STITCH]
    assert [thread.rgb for thread in decoded.threads] == [(1, 2, 3), (4, 5, 6)]


def test_vp3_blocks() -> None:
    def text(value: str, wide: bool = False) -> bytes:
        raw = value.encode("utf-16-be" if wide else "utf-8")
        return len(raw).to_bytes(2, "big") + raw

    def block(mark: bytes, body: bytes) -> bytes:
        return mark + len(body).to_bytes(4, "big") + body

    def number(*values: int) -> bytes:
        return b"".join(value.to_bytes(4, "big", signed=True) for value in values)

    def color(x: int, y: int, rgb: tuple[int, int, int], stitches: bytes) -> bytes:
        thread = b"\x01\x00" + bytes(rgb) + b"\0\0\0\x05\x28" + text("c1") + text("Name") + text("Brand")
        sewn = b"\0\x01\0" + (len(stitches) + 3).to_bytes(4, "big") + b"\x0a\xf6\0" + stitches
        return block(b"\0\x05\0", number(x, y) + thread + number(0, 0) + sewn + b"\0")

    one = color(0, 0, (9, 8, 7), bytes([5, 3, 0x80, 1, 0x01, 0x2C, 0xFE, 0xD4, 0x80, 2, 0x80, 3, 1, 1]))
    two = color(1000, 2000, (1, 2, 3), bytes([1, 1, 0x80, 3]))
    design = number(0, 0) + bytes(3) + number(0, 0, 0, 0, 10, 10) + text("") + b"dd" + number(4096, 0, 0, 4096)
    design += b"xxPP\x01\x00" + text("x", True) + (2).to_bytes(2, "big") + one + two
    whole = text("", True) + number(0, 0, 0, 0, 7) + b"\0\x02\x0c\0\x01" + block(b"\0\x03\0", design)
    data = b"%vsm%\0" + text("x", True) + block(b"\0\x02\0", whole)
    decoded = decode(data, name="a.vp3")
    assert decoded.points.tolist() == [[5, 3], [305, -297], [305, -297], [306, -296], [10, -20], [11, -19], [11, -19]]
    assert decoded.kinds.tolist() == [STITCH, STITCH, TRIM, STITCH, COLOR, STITCH, TRIM]
    assert [(t.rgb, t.code, t.brand) for t in decoded.threads] == [
        ((9, 8, 7), "c1", "Brand"),
        ((1, 2, 3), "c1", "Brand"),
    ]


def test_no_reader_loads_the_writing_library() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'exporters']; import pixl_exporters.embroider.verify as v;"
        "v.verify(bytes([1, 1, 2, 2]), name='a.exp');"
        "import pixl_exporters.embroider.decode.pes, pixl_exporters.embroider.decode.vp3;"
        "print([m for m in sys.modules if 'pyembroidery' in m or 'pystitch' in m or m.endswith('embroider.write')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def sentence(data: bytes, name: str) -> StitchFileError | None:
    """What ``verify`` refuses the bytes with, if it does."""
    try:
        verify(data, name=name)
    except StitchFileError as error:
        return error
    return None


@pytest.mark.parametrize("ending", ["dst", "pes", "pec", "exp", "jef", "vp3", "xxx", "txt", ""])
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=1500))
def test_rubbish_gets_a_sentence(ending: str, data: bytes) -> None:
    said = sentence(data, f"a.{ending}")
    assert said is None or (said.what and said.hint and said.exit_code == 3)


_SOUND = {kind: stitch_file(make_plan(pattern(blobs(8, 3, smooth=1.0))), kind) for kind in FORMATS}


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_never_crash(kind: str, data: st.DataObject) -> None:
    sound = bytearray(_SOUND[kind])
    for _ in range(data.draw(st.integers(0, 6))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    part = bytes(sound[: data.draw(st.integers(0, len(sound)))])
    said = sentence(part, f"a.{FORMATS[kind].ending}")
    assert said is None or said.hint


@pytest.mark.parametrize("kind", [k for k in FORMATS if k != "exp"])
def test_a_file_cut_short_is_never_sewable(kind: str) -> None:
    sound = _SOUND[kind]
    for part in (0.3, 0.6, 0.9):
        end = int(len(sound) * part) // 3 * 3
        if kind in ("pes", "pes1"):
            pec_at = int.from_bytes(sound[8:12], "little")
            end = pec_at + int((decode(sound, name="a.pes").header["stream"]) * part) + 512  # type: ignore[arg-type]
        elif kind == "xxx":
            end = 256 + int((len(sound) - 256 - 100) * part)
        name = f"a.{FORMATS[kind].ending}"
        assert sentence(sound[:end], name) is not None or not verify(sound[:end], name=name).sewable


def test_a_wrong_ending_is_named() -> None:
    with pytest.raises(StitchFileError, match=r"called \.dst but its bytes are PES"):
        decode(_SOUND["pes"], name="a.dst")


def test_a_huge_file_is_refused_at_once() -> None:
    with pytest.raises(StitchFileError, match="too much"):
        decode(bytes(30_000_000), name="a.exp")
