"""Whether `clip explain` finds the gradients that PyTorch's autograd finds in open_clip, and draws what it says.

    python Tests/Peers/explanations.py

Similarities, gradients of pixels and of the last spatial features, taken by hooks, and Grad-CAM made of them; for
Vision Transformers with both kinds of GELU and for a ModifiedResNet, whose statistics are those of the pictures.
"""
import json
import sys

import models
import peers
from imports import CONFIGURATION, GELUS
from inputs import CAPTIONS, make_pictures

sys.path.append(str(peers.ROOT / "Tests/Golden"))

TEXTS = CAPTIONS[:3]
RESIDUAL = CONFIGURATION | {
    "vision_cfg": {"image_size": 96, "layers": [1, 2, 1, 1], "width": 8, "head_width": 32, "patch_size": None}}


def cases():
    """Names, configurations."""
    yield from ((kind, CONFIGURATION | {"quick_gelu": quick}) for kind, quick in GELUS.items())
    yield "ModifiedResNet", RESIDUAL


def draw(configuration, pictures):
    """A model for evaluation, its pictures as it sees them, and tokens of the captions."""
    import torch
    from golden import take_statistics
    from open_clip import image_transform
    from open_clip.tokenizer import SimpleTokenizer
    from PIL import Image

    model = models.stir(models.draw_open_clip(configuration, seed=8))
    preprocess = image_transform(configuration["vision_cfg"]["image_size"], is_train=False)
    images, tokens = torch.stack([preprocess(Image.open(path)) for path in pictures]), SimpleTokenizer()(CAPTIONS)
    take_statistics(model, images, tokens)
    return model, images, tokens


def strongest(features, gradients):
    """Grad-CAM's largest number for each text."""
    weights = gradients.mean((1, 2))
    return (features @ weights.T).clamp_min(0).amax((0, 1))


def main(folder):
    from golden import explain
    from safetensors.torch import load_file

    pictures = make_pictures(folder / "pictures")
    for kind, configuration in cases():
        model, images, tokens = draw(configuration, pictures)
        saved = folder / kind
        models.save_open_clip(model, configuration, saved)
        for number in 0, 3:
            name = f"explanation, {kind}, picture {number}"
            theirs = explain(model, images[number:number + 1], tokens[:len(TEXTS)])
            words = ["--image", pictures[number], "--text", *TEXTS, "--gradients", folder / "gradients.safetensors"]
            with peers.check(f"{name}: explained"):
                words += ["--into", folder / "heat.png", "--json"]
                said = json.loads(peers.clip("explain", "--weights", saved, *words))
                ours = load_file(folder / "gradients.safetensors")
                assert ours.keys() == theirs.keys(), sorted(ours)
            for part in theirs:
                with peers.check(f"{name}: {part}"):
                    peers.expect_close(part, ours[part], theirs[part])
            with peers.check(f"{name}: probabilities and the strongest places"):
                logits = model.logit_scale.exp() * theirs["similarity"]
                for text, probability, peak in zip(
                        said["texts"], logits.softmax(0).tolist(),
                        strongest(theirs["features"], theirs["feature_gradient"]).tolist(), strict=True):
                    assert abs(text["probability"] - probability) <= 1e-4, text
                    assert abs(text["peak"] - peak) <= 1e-4 * peak, (text, peak)


if __name__ == "__main__":
    peers.run(main)
