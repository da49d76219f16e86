"""Real images: every source decoded once to uint8 (N, H, W, C) and read through a memory map."""

from harness.gan.data.images import Found, Images, found, found_elsewhere, load_images

__all__ = ["Found", "Images", "found", "found_elsewhere", "load_images"]
