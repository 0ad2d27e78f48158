"""Whether open_clip still computes what is frozen in Tests/TrainingTests/Fixtures.

    python Tests/Peers/golden_cases.py

Makes the cases again with Tests/Golden/golden.py. What the tests in Swift compare with can then neither be edited by
hand nor drift from the program that made it.
"""
import sys

import peers

FIXTURES = peers.ROOT / "Tests/TrainingTests/Fixtures"
TOLERANCE = 1e-6


def expect_close(name, found, expected):
    """Fails if two tensors differ by more than rounding, measured by the norm of the expected one."""
    assert found.shape == expected.shape, f"{name} has shape {list(found.shape)}, frozen is {list(expected.shape)}"
    error = float((found.double() - expected.double()).norm() / expected.double().norm().clamp_min(1e-12))
    assert error <= TOLERANCE, f"{name} is off by {error:.2g} of its norm"


def main(folder):
    from safetensors.torch import load_file

    peers.command(sys.executable, peers.ROOT / "Tests/Golden/golden.py", folder)
    made, frozen = ({path.name for path in place.iterdir() if path.is_dir()} for place in (folder, FIXTURES))
    with peers.check("golden: the cases are those frozen"):
        assert made == frozen, f"golden.py makes {sorted(made)}, frozen are {sorted(frozen)}"
    for case in sorted(made & frozen):
        with peers.check(f"golden, {case}: same model"):
            texts = [(place / case / "config.json").read_text() for place in (folder, FIXTURES)]
            assert texts[0] == texts[1], "config.json differs"
        for file, what in (
                ("weights", "weights"), ("case", "batch, embeddings, loss and gradients"),
                ("explanation", "gradients of pixels and features"), ("hidden", "hidden states")):
            with peers.check(f"golden, {case}: same {what}"):
                found, expected = (load_file(place / case / f"{file}.safetensors") for place in (folder, FIXTURES))
                assert found.keys() == expected.keys(), f"names differ: {sorted(found.keys() ^ expected.keys())}"
                for name in expected:
                    expect_close(name, found[name], expected[name])


if __name__ == "__main__":
    peers.run(main)
