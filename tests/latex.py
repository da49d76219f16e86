"""Tables as LaTeX sets them, where there is a LaTeX."""

import shutil
import subprocess

import pytest

PAPER = r"""\documentclass{article}
\usepackage{booktabs,tabularx}
\begin{document}
\input{table}
\end{document}
"""


def typeset(table, folder):
    """Set a table in an article, below `folder`; it must fit into the column."""
    if not shutil.which("pdflatex"):
        pytest.skip("no pdflatex here")
    (folder / "paper.tex").write_text(PAPER)
    shutil.copy(table, folder / "table.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout
    assert (folder / "paper.pdf").exists()
