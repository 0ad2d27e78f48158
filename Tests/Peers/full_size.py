"""The paper's nine models at full size, with weights stirred: whether they come back from here as they went, and how far
their embeddings are from open_clip's.

    python Tests/Peers/full_size.py [NAME …]

A measurement, not one of the checks: it takes half an hour, and for RN50x64 about 8 GB of memory and 8 GB of
disk. Each model is drawn by open_clip, stirred, saved, and read by `clip embed`, which tells it by its shapes; then
`clip export` writes it for open_clip again, and those that Transformers has for Transformers and from there back: see
round_trips.py. Prints a line for each model; fails where a bit differs or an embedding is off by more than TOLERANCE.
"""
import pathlib
import sys
import tempfile

import models
import peers
import round_trips
from inputs import CAPTIONS, write_captioned

NAMES = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"]
TOLERANCE = 1e-5


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
    return models.stir_statistics(model).eval(), preprocess


def measure(name, pictures, captions, folder):
    """The line about a model."""
    import open_clip
    from safetensors.torch import save_file

    model, preprocess = stirred(name)
    theirs = models.open_clip_embeddings(model, preprocess, open_clip.get_tokenizer(name), pictures, captions)
    saved = folder / "model.safetensors"
    save_file(model.state_dict(), saved)
    # From here on one copy in memory is enough.
    del model
    expected = round_trips.tensors(saved)
    ours = peers.embed(saved, folder, pictures, captions)
    errors = [float((ours[key] - value).abs().max()) for key, value in zip(("image_features", "text_features"), theirs)]
    assert all(error <= TOLERANCE for error in errors), f"embeddings are off by {max(errors):.1e}"
    back = f"{round_trips.through_open_clip(saved, folder, expected)} tensors back in open_clip"
    if name.startswith("ViT"):
        back += f", {round_trips.through_transformers(saved, folder, expected)} in Transformers"
    return f"{name}: {back}, bit by bit; pictures {errors[0]:.1e}, captions {errors[1]:.1e} at most"


def main(names):
    failed = False
    for name in names:
        with tempfile.TemporaryDirectory(prefix="swift-clip-peers.") as scratch:
            folder = pathlib.Path(scratch)
            pictures, captions = write_captioned(folder / "pictures")[:3], CAPTIONS[:3]
            try:
                print(measure(name, pictures, captions, folder), flush=True)
            except (AssertionError, RuntimeError) as error:
                failed = True
                print(f"{name}: FAILED: {error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:] or NAMES)
