"""Whether `clip evaluate` finds what open_clip and scikit-learn find on the same weights, pictures, classes and captions.

    python Tests/Peers/evaluation.py

Zero-shot: open_clip's own function makes the classifier; every picture must be of the same class, and the figures must be
those of scikit-learn's functions. Retrieval: recall as the benchmark of CLIP's authors counts it, with pictures that have
several captions, and open_clip's own metrics where each has one.
"""
import csv
import json

import models
import peers
from inputs import MODEL_SIZE

MODEL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": MODEL_SIZE, "patch_size": 8, "layers": 2, "width": 64, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}
# Folders, and what each is called. The last one has two names.
CLASSES = {
    "dahlia": ["red dahlia"], "leaf": ["green leaf"], "palace": ["palace roof"], "petal": ["flower petal"],
    "sky": ["cloudy sky"], "tower": ["tall tower"], "water": ["lake", "still water"],
}
TEMPLATES = ["a photo of a {}.", "a blurry picture of the {}", "{}", "my {}, seen from a hill"]
PICTURES = 9  # of a class
# How far a similarity of ours may be from the peer's, and so the figures that count the order of pictures may not be.
TOLERANCE = 1e-5
FIGURE_TOLERANCE = 1e-9


def make_pictures(folder):
    """Writes pictures cut from two photographs into class folders; returns their paths, class by class."""
    import numpy
    from PIL import Image
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images
    draw = numpy.random.default_rng(23)
    paths = []
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for index in range(PICTURES + number):
            photograph = photographs[(number + (index % 4 == 3)) % 2]
            height, width = (int(side) for side in draw.integers(24, 200, 2))
            top, left = draw.integers(photograph.shape[0] - height), draw.integers(photograph.shape[1] - width)
            suffix = ["png", "jpg", "webp"][index % 3]
            paths.append(folder / name / f"{index:02d}.{suffix}")
            Image.fromarray(photograph[top:top + height, left:left + width]).save(paths[-1])
    return paths


def image_features(model, paths):
    """Embeddings of pictures, of length 1."""
    import torch
    from PIL import Image

    preprocess = models.evaluation_transform()
    with torch.inference_mode():
        return model.encode_image(torch.stack([preprocess(Image.open(path)) for path in paths]), normalize=True)


def peer_classifier(model, classes, templates):
    """open_clip's classifier, a row for each class; the rows of a class's names averaged as its templates are."""
    import torch
    from open_clip import build_zero_shot_classifier, get_tokenizer

    tokenize = get_tokenizer("ViT-B-32")
    rows = []
    with torch.inference_mode():
        for names in classes:
            if len(names) == 1:
                rows.append(build_zero_shot_classifier(model, tokenize, names, templates)[:, 0])
            else:
                texts = [template.format(name) for name in names for template in templates]
                mean = model.encode_text(tokenize(texts), normalize=True).mean(0)
                rows.append(torch.nn.functional.normalize(mean, dim=0))
    return torch.stack(rows)


def peer_figures(scores, truth, multiplier):
    """The figures of `clip evaluate zero-shot --json` by scikit-learn, from similarities (pictures, classes)."""
    import numpy
    from sklearn import metrics

    scores = scores.double().numpy()
    logits = multiplier * scores
    probabilities = numpy.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    best = scores.argmax(1)
    truths = numpy.eye(scores.shape[1], dtype=int)[truth]
    return best, probabilities, {
        "top_1": metrics.accuracy_score(truth, best),
        "top_5": metrics.top_k_accuracy_score(truth, scores, k=5),
        "mean_per_class": metrics.recall_score(truth, best, average="macro"),
        "mean_average_precision": metrics.average_precision_score(truths, probabilities, average="macro"),
        "roc_auc": metrics.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro"),
    }


def compare_zero_shot(name, weights, folder, model, pictures, templates, words, ranks=1):
    """Classifies with ours and with the peer, and compares every picture and every figure."""
    truth = [list(CLASSES).index(path.parent.name) for path in pictures]
    with peers.check(f"zero-shot, {name}: every picture is of open_clip's class, every figure scikit-learn's"):
        multiplier = float(model.logit_scale.detach().exp())
        scores = image_features(model, pictures) @ peer_classifier(model, CLASSES.values(), templates).T
        best, probabilities, figures = peer_figures(scores, truth, multiplier)
        assert len(set(best)) > 2, f"the model takes all for {set(best)}: no test"
        table = folder / "predictions.csv"
        found = json.loads(peers.clip(
            "evaluate", "zero-shot", "--weights", weights, "--data", folder / "folders", "--predictions", table,
            *words, "--json", ranks=ranks))
        rows = list(csv.DictReader(table.open()))
        assert [row["picture"] for row in rows] == [str(path) for path in pictures], "other pictures"
        assert [row["class"] for row in rows] == [path.parent.name for path in pictures], "other truths"
        predicted = [list(CLASSES).index(row["predicted"]) for row in rows]
        other = [str(path) for path, ours, theirs in zip(pictures, predicted, best, strict=True) if ours != theirs]
        assert not other, f"{len(other)} pictures are of another class: {other}"
        for row, own, number, chances in zip(rows, scores, predicted, probabilities, strict=True):
            assert abs(float(row["score"]) - float(own[number])) < TOLERANCE, row
            assert abs(float(row["probability"]) - chances[number]) < 100 * TOLERANCE, row
        for key, figure in figures.items():
            assert abs(found[key] - figure) < FIGURE_TOLERANCE, f"{key} is {found[key]}, expected {figure}"


def check_zero_shot(weights, folder, model, pictures):
    from open_clip import zero_shot_metadata
    from safetensors import safe_open

    classes = folder / "classes.txt"
    classes.write_text("".join(f"{label}\t{' | '.join(names)}\n" for label, names in CLASSES.items()))
    own = folder / "templates.txt"
    own.write_text("\n".join(TEMPLATES) + "\n")
    saved = folder / "classifier.safetensors"
    many = [template("{}") for template in zero_shot_metadata.OPENAI_IMAGENET_TEMPLATES]
    words = ["--classes", classes, "--templates"]
    compare_zero_shot("templates of a file", weights, folder, model, pictures, TEMPLATES, [*words, own])
    compare_zero_shot(
        "the 80 of ImageNet", weights, folder, model, pictures, many, [*words, "imagenet", "--save-classifier", saved])
    compare_zero_shot("two ranks", weights, folder, model, pictures, many, [*words, "imagenet"], ranks=2)
    compare_zero_shot("a saved classifier", weights, folder, model, pictures, many, ["--classifier", saved])
    with peers.check("zero-shot: the built-in templates are open_clip's"):
        for name, expected in ("imagenet", many), ("imagenet7", None):
            peers.clip("evaluate", "zero-shot", "--weights", weights, "--data", folder / "folders", *words, name,
                       "--save-classifier", saved)
            with safe_open(saved, "pt") as file:
                found = json.loads(file.metadata()["templates"])
            if expected is None:
                assert len(found) == 7 and set(found) <= set(many), found
            else:
                assert sorted(found) == sorted(expected), set(found) ^ set(expected)
    with peers.check("zero-shot: a saved classifier is open_clip's"):
        peers.clip("evaluate", "zero-shot", "--weights", weights, "--data", folder / "folders", *words, own,
                   "--save-classifier", saved)
        with safe_open(saved, "pt") as file:
            peers.expect_equal(
                file.get_tensor("class_features"), peer_classifier(model, CLASSES.values(), TEMPLATES), TOLERANCE,
                list(CLASSES))


def peer_recalls(images, texts, owners):
    """Recall in both directions as CLIP's authors count it: a query hits if any partner is among the first K."""
    import torch

    scores = texts @ images.T
    partners = torch.nn.functional.one_hot(torch.tensor(owners), len(images)).bool()
    found = {}
    for name, similarities, own in ("text_to_image", scores, partners), ("image_to_text", scores.T, partners.T):
        order = similarities.argsort(dim=1, descending=True, stable=True)
        hits = own.gather(1, order)
        found[name] = {f"R@{k}": float(hits[:, :k].any(1).double().mean()) for k in (1, 5, 10)}
        found[name]["mean_rank"] = float(hits.double().argmax(1).double().mean()) + 1
    return found


def check_retrieval(weights, folder, model, pictures):
    import torch
    from open_clip import get_tokenizer
    from open_clip_train.train import get_clip_metrics

    def captions(number):
        subjects = ["a lake", "two towers", "the red roof", "petals", "a cloud", "some trees", "one wide gate"]
        return [f"{subjects[(number + index) % 7]} {number * 7 + index} steps away" for index in range(number % 4 + 1)]

    tokenize = get_tokenizer("ViT-B-32")
    for name, several in ("several captions", True), ("one caption", False):
        inputs = folder / f"pictures with {name}"
        inputs.mkdir()
        texts = []
        for number, path in enumerate(pictures):
            own = captions(number)[:None if several else 1]
            texts.append(own)
            (inputs / f"{number:03d}{path.suffix}").write_bytes(path.read_bytes())
            (inputs / f"{number:03d}.json").write_text(json.dumps({"captions": own}))
        shards = folder / f"shards with {name}"
        peers.clip("pack", inputs, "--into", shards, "--samples-per-shard", 20)
        images = image_features(model, pictures)
        owners = [number for number, own in enumerate(texts) for _ in own]
        with torch.inference_mode():
            features = model.encode_text(tokenize([text for own in texts for text in own]), normalize=True)
        expected = peer_recalls(images, features, owners)
        for ranks in 1, 3:
            with peers.check(f"retrieval, {name}, ranks: {ranks}: recalls and mean ranks are the peer's"):
                found = json.loads(peers.clip(
                    "evaluate", "retrieval", "--weights", weights, "--data", shards, "--json", ranks=ranks))
                assert found["samples"] == len(pictures) and found["captions"] == len(owners), found
                for direction, figures in expected.items():
                    for key, figure in figures.items():
                        assert abs(found[direction][key] - figure) < FIGURE_TOLERANCE, (direction, key, found, figure)
        if several:
            continue
        with peers.check("retrieval: open_clip's own metrics are the same"):
            theirs = get_clip_metrics(images, features, torch.tensor(1.0))
            for key, figure in theirs.items():
                direction = next(name for name in expected if key.startswith(name))
                name = key.removeprefix(direction + "_")
                assert abs(found[direction][name] - float(figure)) < 1e-6, (key, found, theirs)


def main(folder):
    model = models.stir(models.draw_open_clip(MODEL, seed=5))
    weights = folder / "model"
    models.save_open_clip(model, MODEL, weights)
    pictures = make_pictures(folder / "folders")
    check_zero_shot(weights, folder, model, pictures)
    check_retrieval(weights, folder, model, pictures)


if __name__ == "__main__":
    peers.run(main)
