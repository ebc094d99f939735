"""The synthesizer of sequences: what comes in is made `Sequences`, what goes out is made what came in."""
