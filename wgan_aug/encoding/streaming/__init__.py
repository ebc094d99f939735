"""Tables larger than memory: parts on disk, sketches of them, codes in a memory map."""
