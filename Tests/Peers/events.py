"""Whether TensorBoard reads the event files of `clip train`, and finds in them what the journal says.

    python Tests/Peers/events.py

A run to its end, the same after a rank was killed and the run resumed, and an event file that ends in the middle of a
record. TensorBoard's own reader looks at them, without TensorFlow.
"""
import json
import logging
import shutil
import signal
import subprocess
import time

import peers

STEPS = 40
RECIPE = {
    "model": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "patch_size": 16, "layers": 1, "width": 32, "head_width": 32},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    },
    "precision": "fp32", "globalBatch": 16, "microBatch": 4, "steps": STEPS, "schedule": {"warmupSteps": 4},
    "checkpoint": {"everySteps": 5}, "evaluation": {"everySteps": 10},
}


def journal(run):
    """What the lines of a journal say, under the tags they are to have: of each tag the steps, times and values."""
    found = {}
    for line in (run / "journal.jsonl").read_text().splitlines():
        line = json.loads(line)
        step, when = line.pop("step"), line.pop("time")
        for name, value in line.items():
            for tag, number in [(f"{name}/{key}", number) for key, number in value.items()] if isinstance(
                    value, dict) else [(f"train/{name}", value)]:
                found.setdefault(tag, []).append((step, when, number))
    return found


def events(run):
    """What TensorBoard's reader finds: of each tag the steps, times and values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    reader = EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()
    assert reader.file_version == 2, f"file version {reader.file_version}"
    return {tag: [(event.step, event.wall_time, event.value) for event in reader.Scalars(tag)]
            for tag in reader.Tags()["scalars"]}


def compare(found, expected):
    """Whether both say the same, to single precision."""
    import numpy

    assert found.keys() == expected.keys(), f"tags {sorted(found.keys() ^ expected.keys())} are in one of them only"
    for tag, numbers in expected.items():
        assert [event[:2] for event in found[tag]] == [event[:2] for event in numbers], f"{tag}: other steps or times"
        for ours, journals in zip(found[tag], numbers):
            assert numpy.float32(ours[2]) == numpy.float32(journals[2]), f"{tag}, step {ours[0]}: {ours[2]}"


def main(folder):
    import numpy
    from PIL import Image

    draw = numpy.random.default_rng(5)
    (folder / "pictures").mkdir()
    for number in range(64):
        Image.fromarray(draw.integers(0, 255, (32, 32, 3), numpy.uint8)).save(folder / f"pictures/{number:02d}.png")
        (folder / f"pictures/{number:02d}.txt").write_text(f"noise number {number}")
    peers.clip("pack", folder / "pictures", "--into", folder / "shards")
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    run = folder / "run"
    words = [str(word) for word in (
        peers.PROGRAM, "train", "--recipe", folder / "recipe.json", "--data", folder / "shards", "--validation",
        folder / "shards", "--into", run, "--threads", 1)]

    with peers.check("TensorBoard reads a run's event file as the journal"):
        peers.command(*words)
        found = events(run)
        for tag in "train/loss", "train/learning_rate", "seconds/backward", "validation/text_to_image_R@1":
            assert tag in found, f"no scalar {tag}, only {sorted(found)}"
        assert len(found["train/loss"]) == STEPS and len(found["validation/text_to_image_R@1"]) == 4
        compare(found, journal(run))

    with peers.check("TensorBoard reads every step once, after a run was killed and resumed"):
        shutil.rmtree(run)
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        lines = run / "journal.jsonl"
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if lines.exists() and lines.read_bytes().count(b"\n") >= 13:
                break
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the kill came too late to prove anything"
        # Between two records at the worst: those that are there are whole.
        before = journal(run)
        killed = events(run)
        shown = len(killed["train/loss"])
        assert shown >= 12, f"{shown} steps"
        compare(killed, {tag: [event for event in numbers if event[0] <= shown] for tag, numbers in before.items()
                         if numbers[0][0] <= shown})
        peers.command(*words)
        compare(events(run), journal(run))

    with peers.check("TensorBoard reads all whole records of an event file that was cut"):
        (file,) = run.glob("events.out.tfevents.*")
        cut = folder / "cut"
        cut.mkdir()
        (cut / file.name).write_bytes(file.read_bytes()[:-7])
        expected = {tag: [event for event in numbers if event[0] < STEPS] for tag, numbers in journal(run).items()}
        compare(events(cut), expected)


if __name__ == "__main__":
    peers.run(main)
