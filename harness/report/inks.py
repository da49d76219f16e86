"""The colours of pages and figures; no library is needed to know them."""

INK, MUTED, RULE, PAPER = "#1c1d21", "#6b6e75", "#dcd9d0", "#fefefe"  # a page may replace them
BETTER, WORSE, EQUIVALENT = "#0072b2", "#d55e00", "#009e73"
REFERENCE = "#7d7f86"
# Okabe & Ito's palette without black and yellow: told apart with colour blindness and in print
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
