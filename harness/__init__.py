"""An ablation harness for GAN training tips: study file in, ranking with its evidence out."""

import sys

__version__ = "0.1.0"

if sys.platform == "win32":  # no fcntl: the record's locks, which die with their process, need it
    sys.exit("harness: runs on Linux and macOS; on Windows, install it inside WSL 2")
