"""The scenes of the demo, in the order in which `script` performs them."""
