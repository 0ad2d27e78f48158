"""Whether `clip evaluate linear-probe`, `few-shot` and `robustness` find what scikit-learn and numpy find.

    python Tests/Peers/probes.py

The same features, the same C: scikit-learn's LogisticRegression classifies as many pictures alike, with the same
coefficients. The search for C is written again here around scikit-learn's fits. Features of pictures are those of
open_clip's own tower, before and behind the projection.
"""
import json

import evaluation
import models
import peers

# How far an accuracy of ours may be from scikit-learn's: its iterations are others, and a picture may be on the border.
ACCURACY_TOLERANCE = 0.002
# scikit-learn's coefficients and ours, both at a gradient of 1e-8; ours are sums in single precision.
COEFFICIENT_TOLERANCE = 1e-3
FIGURE_TOLERANCE = 1e-9


def draw_features(classes, dimension, counts, seed, spread=1.0, scale=1.0):
    """Features in a few correlated directions around a mean for each class, for each of several splits."""
    import numpy

    draw = numpy.random.default_rng(seed)
    means = draw.normal(size=(classes, dimension)) * spread
    mixing = draw.normal(size=(dimension, dimension)) / dimension ** 0.5
    splits = []
    for count in counts:
        labels = draw.permutation(numpy.arange(count) % classes)
        noise = draw.normal(size=(count, dimension)) @ mixing * 1.5
        splits.append((((means[labels] + noise) * scale).astype(numpy.float32), labels))
    return splits


def save(path, split):
    from safetensors.numpy import save_file

    save_file({"features": split[0], "labels": split[1].astype("float32")}, path)
    return path


def fit(split, c, tolerance=1e-4):
    """scikit-learn's probe, in double precision."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=c, solver="lbfgs", max_iter=1000, tol=tolerance).fit(
            split[0].astype("float64"), split[1])


def probe(train, test, *words, ranks=1):
    return json.loads(peers.clip(
        "evaluate", "linear-probe", "--train", train, "--test", test, *words, "--json", ranks=ranks))


CASES = {
    "ten classes": (10, 48, (2000, 1500), 0.5, 1.0), "two classes": (2, 20, (600, 1000), 0.3, 1.0),
    "more numbers than pictures": (5, 120, (60, 1000), 0.4, 1.0), "separable": (6, 40, (900, 1000), 3.0, 1.0),
    "forty classes, small numbers": (40, 64, (3000, 4000), 0.6, 0.05),
}


def check_fits(folder):
    import numpy
    from safetensors import safe_open
    from sklearn import metrics

    for number, (name, (classes, dimension, counts, spread, scale)) in enumerate(CASES.items()):
        splits = draw_features(classes, dimension, counts, number, spread, scale)
        train, test = (save(folder / f"{part} {number}.safetensors", split)
                       for part, split in zip(("train", "test"), splits, strict=True))
        for c in 1e-4, 0.316, 100.0:
            with peers.check(f"linear probe, {name}, C = {c:g}: scikit-learn's accuracies"):
                theirs = fit(splits[0], c)
                found = probe(train, test, "--c", c)
                truth, predicted = splits[1][1], theirs.predict(splits[1][0])
                expected = {"top_1": metrics.accuracy_score(truth, predicted),
                            "mean_per_class": metrics.recall_score(truth, predicted, average="macro")}
                if classes == 2:
                    expected["roc_auc"] = metrics.roc_auc_score(truth, theirs.decision_function(splits[1][0]))
                for key, figure in expected.items():
                    assert abs(found[key] - figure) <= ACCURACY_TOLERANCE, (key, found[key], figure)
                # The same solver: rounding alone parts their ways.
                assert abs(found["iterations"] - theirs.n_iter_[0]) <= 3, (found["iterations"], theirs.n_iter_)
                print(f"   ours {found['top_1']:.4f} in {found['iterations']} steps, scikit-learn's "
                      f"{expected['top_1']:.4f} in {theirs.n_iter_[0]}")
        with peers.check(f"linear probe, {name}: at the minimum, scikit-learn's coefficients"):
            c, saved = (0.316 if scale == 1 else 100.0), folder / "classifier.safetensors"
            theirs = fit(splits[0], c, tolerance=1e-8)
            found = probe(train, test, "--c", c, "--tolerance", 1e-8, "--classifier", saved)
            with safe_open(saved, "numpy") as file:
                weight, bias = file.get_tensor("weight"), file.get_tensor("bias")
            if classes == 2:
                assert not weight[0].any() and not bias[0], "the first of two classes has weights"
                weight, bias = weight[1:], bias[1:]
            worst = max(numpy.abs(weight - theirs.coef_).max(), numpy.abs(bias - theirs.intercept_).max())
            print(f"   largest difference {worst:.1e}, largest coefficient {numpy.abs(theirs.coef_).max():.2f}")
            assert worst < COEFFICIENT_TOLERANCE, worst
            expected = theirs.score(splits[1][0].astype("float64"), splits[1][1])
            assert abs(found["top_1"] - expected) <= 1 / counts[1] + FIGURE_TOLERANCE, (found["top_1"], expected)


def peer_search(train, validation):
    """The search of CLIP's paper around scikit-learn's fits: scores by the number of the value, and the best."""
    scores = {}

    def score(number):
        if number not in scores:
            scores[number] = fit(train, 10 ** (6 - number / 8)).score(validation[0].astype("float64"), validation[1])
        return scores[number]

    best = max(range(0, 97, 16), key=lambda number: (score(number), number))
    for span in 8, 4, 2, 1:
        around = [number for number in (best - span, best, best + span) if 0 <= number <= 96]
        best = max(around, key=lambda number: (score(number), number))
    return best, scores


def check_search(folder):
    import numpy

    for name, seed, spread in ("noisy", 11, 0.35), ("clear", 12, 0.8):
        train, validation, test = draw_features(8, 40, (300, 700, 1500), seed, spread)
        paths = [save(folder / f"{part}.safetensors", split)
                 for part, split in zip(("train", "validation", "test"), (train, validation, test), strict=True)]
        words = "--validation", paths[1]
        with peers.check(f"linear probe, {name}: the search finds scikit-learn's C, or one as good"):
            best, scores = peer_search(train, validation)
            found = probe(paths[0], paths[2], *words)
            number = round((6 - numpy.log10(found["c"])) * 8)
            assert number in scores or number == best, f"{number} was never tried by the peer: {sorted(scores)}"
            print(f"   ours is number {number}, scikit-learn's {best}: {scores[number]:.4f} and {scores[best]:.4f}")
            assert number == best or abs(scores[number] - scores[best]) < FIGURE_TOLERANCE, (number, best, scores)
            assert len(found["search"]) <= 15, found["search"]
            for trial in found["search"]:
                number = round((6 - numpy.log10(trial["c"])) * 8)
                if number in scores:
                    assert abs(trial["score"] - scores[number]) <= ACCURACY_TOLERANCE, (trial, scores[number])
        with peers.check(f"linear probe, {name}: the last fit is of training and validation split"):
            both = tuple(numpy.concatenate(parts) for parts in zip(train, validation, strict=True))
            expected = fit(both, found["c"]).score(test[0].astype("float64"), test[1])
            assert abs(found["top_1"] - expected) <= ACCURACY_TOLERANCE, (found["top_1"], expected)
        with peers.check(f"linear probe, {name}: ranks change nothing"):
            for ranks in 2, 3:
                other = probe(paths[0], paths[2], *words, "--threads", ranks, ranks=ranks)
                assert other == found, (other, found)


def philox(counter, stream, seed):
    """Philox 4 x 32-10: two numbers of 64 bits for a counter of a stream under a seed."""
    low = 0xFFFFFFFF
    a, b, c, d = counter & low, counter >> 32, stream & low, stream >> 32
    k0, k1 = seed & low, seed >> 32
    for _ in range(10):
        p0, p1 = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (p1 >> 32) ^ b ^ k0, p1 & low, (p0 >> 32) ^ d ^ k1, p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & low, (k1 + 0xBB67AE85) & low
    return a | b << 32, c | d << 32


def draws(count, seed, purpose, position):
    """The numbers `clip` draws for a purpose (1: shots, 2: validation, 3: bootstrap)."""
    key = seed ^ (purpose * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
    return [number for block in range((count + 1) // 2) for number in philox(block, position, key)][:count]


def check_few_shot(folder):
    import numpy

    train, test = draw_features(7, 32, (7 * 20, 2000), 31, 0.5)
    paths = save(folder / "few-train.safetensors", train), save(folder / "few-test.safetensors", test)
    words = "few-shot", "--train", paths[0], "--test", paths[1], "--seeds", 3, "--shots", 1, 4, 16
    found = json.loads(peers.clip("evaluate", *words, "--json"))
    with peers.check("few-shot: the same draws, scikit-learn's accuracies"):
        for each in found["shots"]:
            scores = []
            for seed in range(3):
                chosen = []
                for number in range(7):
                    members = numpy.flatnonzero(train[1] == number)
                    keys = draws(len(members), seed, 1, number)
                    chosen += [members[index] for index in sorted(range(len(members)), key=keys.__getitem__)][
                        :each["shots"]]
                few = train[0][sorted(chosen)], train[1][sorted(chosen)]
                scores.append(fit(few, 0.316).score(test[0].astype("float64"), test[1]))
            print(f"   {each['shots']}-shot: ours {each['mean']:.4f}, scikit-learn's {numpy.mean(scores):.4f}")
            assert numpy.abs(numpy.array(each["scores"]) - scores).max() <= ACCURACY_TOLERANCE, (each, scores)
            assert abs(each["mean"] - numpy.mean(each["scores"])) < FIGURE_TOLERANCE, each
            assert abs(each["standard_deviation"] - numpy.std(each["scores"], ddof=1)) < FIGURE_TOLERANCE, each
    with peers.check("few-shot: ranks change nothing"):
        assert json.loads(peers.clip("evaluate", *words, "--json", ranks=3)) == found


def check_pictures(folder):
    """Features of open_clip's tower, and what scikit-learn makes of them."""
    import numpy
    import torch
    from PIL import Image
    from safetensors.numpy import load_file

    model = models.stir(models.draw_open_clip(evaluation.MODEL, seed=5))
    weights = folder / "model"
    models.save_open_clip(model, evaluation.MODEL, weights)
    pictures = evaluation.make_pictures(folder / "folders")
    preprocess = models.evaluation_transform()
    with torch.inference_mode():
        pixels = torch.stack([preprocess(Image.open(path)) for path in pictures])
        projected = model.encode_image(pixels).numpy()
        projection, model.visual.proj = model.visual.proj, None
        image = model.encode_image(pixels).numpy()
        model.visual.proj = projection
    names = sorted(evaluation.CLASSES)
    truth = numpy.array([names.index(path.parent.name) for path in pictures])
    words = "--weights", weights, "--save-features", folder / "saved", "--c", 0.316
    for kind, expected in ("image", image), ("projected", projected):
        with peers.check(f"linear probe, {kind} features of pictures: open_clip's, and scikit-learn's probe of them"):
            found = probe(folder / "folders", folder / "folders", *words, "--features", kind)
            saved = load_file(folder / "saved/train.safetensors")
            order = numpy.lexsort([[str(path) for path in pictures]])
            peers.expect_equal(torch.tensor(saved["features"]), torch.tensor(expected[order]), 2e-4)
            assert (saved["labels"] == truth[order]).all(), "other labels"
            theirs = fit((expected, truth), 0.316)
            assert abs(found["top_1"] - theirs.score(expected.astype("float64"), truth)) < FIGURE_TOLERANCE, found
            again = probe(folder / "saved/train.safetensors", folder / "saved/test.safetensors", "--c", 0.316)
            for split in again["train"], again["test"], found["train"], found["test"]:
                del split["path"]
            assert again == found, (again, found)
    with peers.check("few-shot: zero-shot beside it is that of clip evaluate zero-shot"):
        zero = json.loads(peers.clip("evaluate", "zero-shot", "--weights", weights, "--data", folder / "folders", "--json"))
        for kind in "image", "projected":
            few = json.loads(peers.clip(
                "evaluate", "few-shot", "--weights", weights, "--train", folder / "folders", "--test", folder / "folders",
                "--features", kind, "--shots", 1, 4, "--seeds", 2, "--templates", "photo", "--json"))
            assert abs(few["zero_shot"] - zero["top_1"]) < FIGURE_TOLERANCE, (few["zero_shot"], zero["top_1"])
    return weights


def logit(p):
    import numpy

    return numpy.log(p / (1 - p))


def peer_lines(points, resamples, seed):
    """Slopes and intercepts: of all models, then of resampled ones, as many rows as fits."""
    import numpy
    from scipy import stats

    x, y = logit(points[:, 0]), logit(points[:, 1])
    lines = [stats.linregress(x, y)[:2]]
    for number in range(resamples):
        position = number
        while True:
            chosen = [draw * len(x) >> 64 for draw in draws(len(x), seed, 3, position)]
            if len(set(x[chosen])) > 1:
                break
            position += resamples
        lines.append(stats.linregress(x[chosen], y[chosen])[:2])
    return numpy.array(lines)


def check_robustness(folder, weights):
    import numpy

    draw = numpy.random.default_rng(41)
    shifts = {"v2": (0.95, -0.5), "sketch": (1.4, -2.0)}
    rows, points = ["model,shift,reference,shifted"], {name: [] for name in shifts}
    for model in range(14):
        accuracy = draw.uniform(0.5, 0.85)
        for name, (slope, intercept) in shifts.items():
            reference = accuracy + (0.02 if name == "sketch" else 0)
            other = 1 / (1 + numpy.exp(-(slope * logit(reference) + intercept + draw.normal() * 0.1)))
            points[name].append((reference, other))
            rows.append(f"net-{model},{name},{reference!r},{other!r}".replace("np.float64(", "").replace(")", ""))
    table, mine = folder / "table.csv", folder / "mine.json"
    table.write_text("\n".join(rows) + "\n")
    measured = {"zero-shot": {"v2": (0.76, 0.70), "sketch": (0.762, 0.6)}, "probe": {"v2": (0.85, 0.76), "sketch": (0.854, 0.57)}}
    mine.write_text(json.dumps([
        {"model": model, "shift": name, "reference": own[0], "shifted": own[1]}
        for model, sets in measured.items() for name, own in sets.items()]))
    with peers.check("robustness: numpy's line, intervals and robustness"):
        found = json.loads(peers.clip(
            "evaluate", "robustness", "--table", table, "--measured", mine, "--baseline", "zero-shot", "--resamples", 400,
            "--seed", 9, "--json"))
        points["mean"] = (numpy.array(points["v2"]) + numpy.array(points["sketch"])) / 2
        for sets in measured.values():
            sets["mean"] = tuple(numpy.mean([sets["v2"], sets["sketch"]], axis=0))
        for shift in [*found["shifts"], found["mean"]]:
            lines = peer_lines(numpy.array(points[shift["shift"]]), 400, 9)
            assert numpy.allclose([shift["slope"], shift["intercept"]], lines[0], rtol=1e-9, atol=1e-9), shift
            for index, key in enumerate(["slope_interval", "intercept_interval"]):
                assert numpy.allclose(shift[key], numpy.quantile(lines[1:, index], [0.025, 0.975]), rtol=1e-9), shift
            assert [each["model"] for each in shift["models"]] == list(measured), shift
            for each in shift["models"]:
                reference, other = measured[each["model"]][shift["shift"]]
                expected = 1 / (1 + numpy.exp(-(lines[:, 0] * logit(reference) + lines[:, 1])))
                effective = other - expected
                assert abs(each["effective_robustness"] - effective[0]) < FIGURE_TOLERANCE, each
                interval = numpy.quantile(effective[1:], [0.025, 0.975])
                assert numpy.allclose(each["effective_robustness_interval"], interval, atol=FIGURE_TOLERANCE), each
                gap = 1 - (reference - other) / (reference - expected[0])
                assert abs(each["gap_reduction"] - gap) < 1e-8, (each, gap)
                if each["model"] == "probe":
                    relative = other - measured["zero-shot"][shift["shift"]][1]
                    assert abs(each["relative_robustness"] - relative) < FIGURE_TOLERANCE, each
                else:
                    assert each["relative_robustness"] is None, each
    with peers.check("robustness: a model is measured by zero-shot, on the classes that a set has"):
        some = folder / "some folders"
        some.mkdir()
        for name in sorted(evaluation.CLASSES)[:4]:
            (some / name).symlink_to(folder / "folders" / name)
        words = ["--weights", weights, "--reference", folder / "folders", "--shifted", f"v2={some}"]
        found = json.loads(peers.clip("evaluate", "robustness", "--table", table, *words, "--name", "ours", "--json"))
        zero = json.loads(peers.clip("evaluate", "zero-shot", "--weights", weights, "--data", some, "--json"))
        model = found["shifts"][0]["models"][0]
        assert model["model"] == "ours" and abs(model["reference"] - zero["top_1"]) < FIGURE_TOLERANCE, (model, zero)
        assert abs(model["shifted"] - zero["top_1"]) < FIGURE_TOLERANCE, (model, zero)
        assert found == json.loads(peers.clip(
            "evaluate", "robustness", "--table", table, *words, "--name", "ours", "--json", ranks=2)), "ranks differ"


def main(folder):
    check_fits(folder)
    check_search(folder)
    check_few_shot(folder)
    check_robustness(folder, check_pictures(folder))


if __name__ == "__main__":
    peers.run(main)
