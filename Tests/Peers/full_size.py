"""How far embeddings of the paper's nine models, at full size and with weights stirred, are from open_clip's.

    python Tests/Peers/full_size.py [NAME …]

A measurement, not one of the checks: it takes some minutes, and for RN50x64 about 8 GB. Each model is drawn by open_clip,
stirred, saved with torch.save, and read by `clip embed`, which tells it by its shapes.
"""
import pathlib
import sys
import tempfile

import models
import peers
from inputs import CAPTIONS, write_captioned

NAMES = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"]


def stirred(name):
    """A model of open_clip none of whose weights and statistics hides its use, and its preprocessing."""
    import open_clip
    import torch

    torch.manual_seed(5)
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    draw = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for weight in model.parameters():
            spread = 0.3 * weight.std() if weight.dim() > 1 else 0.1
            weight.add_(torch.randn(weight.shape, generator=draw) * spread)
        for key, statistic in model.named_buffers():
            if key.endswith("running_mean"):
                statistic.add_(torch.rand(statistic.shape, generator=draw) * 0.2)
            if key.endswith("running_var"):
                statistic.mul_(1 + torch.rand(statistic.shape, generator=draw))
    return model.eval(), preprocess


def main(names):
    import open_clip
    import torch

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        pictures, captions = write_captioned(folder / "pictures")[:3], CAPTIONS[:3]
        for name in names:
            model, preprocess = stirred(name)
            theirs = models.open_clip_embeddings(
                model, preprocess, open_clip.get_tokenizer(name), pictures, captions)
            torch.save(model.state_dict(), folder / "model.pt")
            del model
            ours = peers.embed(folder / "model.pt", folder, pictures, captions)
            errors = [float(abs(torch.as_tensor(ours[key]) - torch.as_tensor(value)).max())
                      for key, value in zip(("image_features", "text_features"), theirs)]
            print(f"{name}: pictures {errors[0]:.1e}, captions {errors[1]:.1e} at most", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or NAMES)
