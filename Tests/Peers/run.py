"""Makes all checks of the built program against open_clip, Transformers, TensorBoard and what reads shards.

    swift build -c release
    Tests/Peers/setup.sh
    ~/.cache/swift-clip-peers/bin/python Tests/Peers/run.py

Prints `ok NAME`, `FAILED NAME: why` or `skipped NAME: why` for each check, and counts at the end; fails if one failed.
Each of the files imported here runs alone as well.
"""
import captions
import embeddings
import evaluation
import events
import explanations
import exports
import golden_cases
import hidden_states
import imports
import peers
import positions
import probes
import round_trips
import shards
import training

if __name__ == "__main__":
    peers.run(shards.main, golden_cases.main, captions.main, imports.main, exports.main, round_trips.main,
              explanations.main, hidden_states.main, embeddings.main, evaluation.main, probes.main, training.main,
              positions.main, events.main)
