"""Photographs and a video made on the spot, so that no real person's picture is in the project."""

import hashlib
import io
from pathlib import Path

import av
import numpy as np
from PIL import Image

MEBIBYTE = 1024 * 1024
_VIDEO_SIDE = 640
_FRAMES_PER_SECOND = 25


def photo(path: Path, seed: int, note: str = "") -> Path:
    """Write a 1280 x 960 JPEG of about 300 KB, with EXIF text `note` when given, and return its path."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((1280, 960), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    if note:
        exif[0x010E] = note
        exif[0x013B] = note
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, exif=exif)
    path.write_bytes(buffer.getvalue())
    return path


def video(path: Path, seed: int, size: int = 20 * MEBIBYTE) -> Path:
    """Write an MP4 (MPEG-4 part 2, noise) of at least `size` bytes and return its path."""
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=_FRAMES_PER_SECOND)
        stream.width = stream.height = _VIDEO_SIDE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 80_000_000
        written = 0
        while written < size:
            pixels = rng.integers(0, 255, (_VIDEO_SIDE, _VIDEO_SIDE, 3), dtype=np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                written += packet.size
                container.mux(packet)
        container.mux(stream.encode(None))
    return path


def sha256(path: Path) -> str:
    """64 hex: the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
