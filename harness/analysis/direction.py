"""Which way a measure is better, by the words of its name."""

import re

_LOWER = """
    kid fid sfid cfid cmmd fvd fad lpips swd mmd loss losses error errors err mse rmse nrmse mae
    mape smape nll nlpd ece brier perplexity ppl wer cer eer bpd bpc kl jsd divergence distance
    distortion regret cost latency runtime
"""
_HIGHER = """
    accuracy acc auc auroc auprc ap map f1 precision recall iou miou dice psnr ssim bleu rouge is
    coverage density reward return r2 correlation
"""
_TURNED = "neg negative minus inverse reduction improvement gain decrease drop without"
LOWER, HIGHER, TURNED = (frozenset(words.split()) for words in (_LOWER, _HIGHER, _TURNED))


def lower_is_better(name: str) -> bool | None:
    """Whether lower values of a measure are better; None where its name does not tell.

    Word by word: `val_loss`, `FID50k`, `testError`; a name with words of both kinds, or one that
    turns them (`neg_mean_squared_error`), does not tell.
    """
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = set(re.findall(r"[a-z]+[12]?(?![a-z0-9])|[a-z]+", parts.lower()))
    words |= {word.rstrip("12") for word in words}
    if {"log", "likelihood"} <= words and words & {"neg", "negative"}:
        return True
    low, high = bool(words & LOWER), bool(words & HIGHER or {"inception", "score"} <= words)
    if low == high or words & TURNED:
        return None
    return low
